package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// modelName is what a name may look like: those of Hugging Face have an owner.
var modelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?$`)

// modelFolder returns the folder that CLIP_MODEL means, empty when it is a
// name: what looks like a path, or is a folder that exists.
func modelFolder(text, dir string, found *problems) string {
	path := filepath.IsAbs(text) || text == "." || text == ".." || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../")
	if info, err := os.Stat(absolute(dir, text)); path || err == nil && info.IsDir() {
		return absolute(dir, text)
	}
	if !modelName.MatchString(text) || strings.Contains(text, "..") {
		found.add("CLIP_MODEL", `is "`+text+`", which is neither the name of a model nor a folder`,
			"Write a name from docs/ml.md such as laion/CLIP-ViT-B-32-laion2B-s34B-b79K, or the path of a folder such as /srv/models/clip.")
	}
	return ""
}
