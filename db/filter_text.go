package db

// TSQuery is the text form of a PostgreSQL tsquery, made by the server itself;
// empty: no condition.
type TSQuery string
