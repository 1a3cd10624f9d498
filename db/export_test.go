package db

// ListSQL shows the composed statement to the tests of its plan.
func ListSQL(f Filter, w Window) (string, []any) { return f.listSQL(w) }
