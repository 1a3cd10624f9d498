package clip

import (
	"errors"
	"io/fs"
)

// FolderError says what is wrong with a model folder, so that whoever put it there
// can mend it.
type FolderError struct {
	// File is the file's name inside the folder, such as "config.json".
	File string
	// Field is the path of the value in the file ("vision_config.hidden_size"), or a
	// tensor's name; empty when the file as a whole is meant.
	Field string
	// Problem says what is wrong and what to do, in plain English.
	Problem string
	// Err is the cause when there is one, such as fs.ErrNotExist.
	Err error
}

func (e *FolderError) Error() string {
	if e.Field == "" {
		return e.File + ": " + e.Problem
	}
	return e.File + ": " + e.Field + ": " + e.Problem
}

func (e *FolderError) Unwrap() error { return e.Err }

// unreadable wraps what the operating system said about a file of the folder.
func unreadable(file string, err error) *FolderError {
	problem := "cannot be read: " + err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		problem = "is not in the model folder; download the whole model again"
	case errors.Is(err, fs.ErrPermission):
		problem = "may not be read; give the user that runs albumen-ml read access to it"
	}
	return &FolderError{File: file, Problem: problem, Err: err}
}
