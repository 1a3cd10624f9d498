package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// maxValueFile bounds what NAME_FILE may read: a secret, not a photo.
const maxValueFile = 64 << 10

// names lists every variable, in the order of the variables struct.
func names() []string {
	t := reflect.TypeFor[variables]()
	list := make([]string, t.NumField())
	for i := range list {
		list[i] = t.Field(i).Tag.Get("env")
	}
	return list
}

// readSources merges the environment over dir/.env, with NAME_FILE resolved.
func readSources(environ []string, dir string, found *problems) (map[string]string, []string) {
	process := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			process[name] = value
		}
	}
	path := filepath.Join(dir, ".env")
	file, err := godotenv.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission):
		found.add(".env", "cannot be read by this user", "Give "+path+" to the user that runs Albumen (chown), with mode 600.")
	case err != nil:
		// The parser's message quotes the file, secrets included.
		found.add(".env", "has a line that is not NAME=value", "Correct "+path+"; values with spaces or # stand in single quotes.")
	}

	values := resolveFiles(file, dir, found)
	for name, value := range resolveFiles(process, dir, found) {
		values[name] = value
	}
	return values, unknownNames(file)
}

// resolveFiles returns the known variables of one source.
func resolveFiles(source map[string]string, dir string, found *problems) map[string]string {
	values := map[string]string{}
	for _, name := range names() {
		if source[name] != "" {
			values[name] = source[name]
		}
		path := source[name+"_FILE"]
		if path == "" {
			continue
		}
		if source[name] != "" {
			found.add(name, "and "+name+"_FILE are both set", "Keep one of the two.")
			continue
		}
		value, err := readValue(absolute(dir, path))
		if err != nil {
			found.add(name+"_FILE", "names "+path+", which "+err.Error(), "Correct the path, or make the file readable for the user that runs Albumen.")
			continue
		}
		values[name] = value
	}
	return values
}

// readValue returns the file's text without the line break at its end. The
// error completes "which …".
func readValue(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("does not exist")
	case err != nil:
		return "", errors.New("cannot be read")
	case info.IsDir():
		return "", errors.New("is a folder")
	case info.Size() > maxValueFile:
		return "", errors.New("is larger than 64 KiB")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", errors.New("cannot be read")
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", errors.New("is empty")
	}
	return value, nil
}

// unknownNames warns about names in .env that nothing reads: mostly typing errors.
func unknownNames(file map[string]string) []string {
	known := names()
	var warnings []string
	for name := range file {
		if !slices.Contains(known, name) && !slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
			warnings = append(warnings, name+" in .env is not a setting of Albumen and has no effect.")
		}
	}
	sort.Strings(warnings)
	return warnings
}

// parseVariables fills the struct; values of the wrong kind are reported and left at zero.
func parseVariables(values map[string]string, found *problems) variables {
	var vars variables
	err := env.ParseWithOptions(&vars, env.Options{Environment: values})
	var all env.AggregateError
	if !errors.As(err, &all) {
		return vars
	}
	for _, one := range all.Errors {
		var parse env.ParseError
		if errors.As(one, &parse) {
			field, _ := reflect.TypeFor[variables]().FieldByName(parse.Name)
			name := field.Tag.Get("env")
			if field.Type.Kind() == reflect.Bool {
				found.add(name, `is "`+values[name]+`"`, "Write true or false.")
			} else {
				found.add(name, `is "`+values[name]+`", not a whole number`, "Write a number such as 4, or leave it out for the default.")
			}
		}
	}
	return vars
}

// absolute resolves path against dir.
func absolute(dir, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
