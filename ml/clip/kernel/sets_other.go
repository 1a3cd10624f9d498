//go:build !amd64

package kernel

/*
#include "kernel.h"
*/
import "C"

// Sets are the sets that this processor can run: the compiler's baseline (on
// arm64 that includes NEON).
func Sets() []*Set { return []*Set{{"base", &C.kernels_base}} }
