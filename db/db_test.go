package db_test

import (
	"testing"

	"albumen/db/dbtest"
)

func TestFreshDatabaseHasTheCurrentSchema(t *testing.T) {
	pool := dbtest.New(t)
	if err := pool.CheckSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
}
