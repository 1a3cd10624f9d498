package kernel

/*
#include "kernel.h"
*/
import "C"

import "golang.org/x/sys/cpu"

// Sets are the sets that this processor can run, slowest first.
func Sets() []*Set {
	sets := []*Set{{"base", &C.kernels_base}}
	if x := &cpu.X86; x.HasAVX2 && x.HasFMA {
		sets = append(sets, &Set{"avx2", &C.kernels_avx2})
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
			sets = append(sets, &Set{"avx512", &C.kernels_avx512})
		}
	}
	return sets
}
