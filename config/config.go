// Package config turns the environment and the .env file into one typed,
// checked struct. Both binaries load it once at start; nothing else reads the
// environment.
package config

import (
	"errors"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/text/language"
)

// Need says which settings a process cannot do without.
type Need uint8

const (
	NeedSecretKey Need = 1 << iota
	NeedDatabase
	NeedRedis

	// NeedNothing is for commands that only look at the configuration.
	NeedNothing Need = 0
	// NeedAll is for web, worker and the commands that change data.
	NeedAll = NeedSecretKey | NeedDatabase | NeedRedis
)

// Config is the whole configuration. Paths are absolute, hosts are lower case
// and without port, URLs have no trailing slash.
type Config struct {
	BaseURL        *url.URL // scheme and host only; every absolute link starts with it
	Listen         string   // host:port, the host may be empty
	SecretKey      Secret   // at least MinSecretBytes long
	AllowedHosts   []string
	TrustedProxies []netip.Prefix
	Debug          bool

	DatabaseURL        Secret // URL or keyword form, as pgx takes it
	DatabaseReplicaURL Secret // empty: none
	RedisURL           Secret // as given
	Redis              Redis  // the same, taken apart
	StorageURL         string // file:///absolute/folder

	SMTP         *SMTP // nil: mail is written to DataDir/outbox
	MailFrom     *mail.Address
	ContactEmail string // empty: none given

	OIDC *OIDC // nil: people sign in here only

	SentryDSN     Secret // empty: off
	MetricsListen string // empty: off
	LogLevel      slog.Level
	LogFormat     string // "text" or "json"
	ACMEEmail     string // empty: off

	MaxUploadBytes    int64
	DataDir           string
	DefaultTimeZone   *time.Location
	DefaultLanguage   language.Tag
	WorkerConcurrency int // jobs at a time in one worker process, at least 1

	CLIPModel       string // as given: a name, or a folder
	CLIPModelFolder string // the folder when it is one; empty: a name
	CLIPModelURL    string // mirror; empty: the usual place
	CLIPModelDir    string // where models of a name are kept
	MLDevice        string // "auto", "cpu" or "cuda"
	MLBatch         int    // images per batch; 0: what suits the device
	MLThreads       int    // 0: as many as the machine has

	// hostsGiven is false when AllowedHosts was derived from BaseURL.
	hostsGiven bool
	warnings   []string
}

// Load reads environ ("NAME=value" strings, as os.Environ gives) and dir/.env,
// the environment winning. NAME_FILE names a file that holds the value of NAME.
// Relative paths count from dir. The error is an *Error that lists every
// problem, each with its remedy.
func Load(environ []string, dir string, need Need) (*Config, error) {
	var found problems
	values, warnings := readSources(environ, dir, &found)
	vars := parseVariables(values, &found)
	cfg := build(vars, dir, &found)
	cfg.warnings = append(warnings, notYet(values)...)
	cfg.require(need, &found)
	cfg.crossCheck(&found)
	if len(found) > 0 {
		return nil, &Error{Problems: found}
	}
	return cfg, nil
}

// Warnings are sentences to log at start: settings that have no effect yet or
// that are probably misspelt. They never stop a process.
func (c *Config) Warnings() []string { return c.warnings }

// SecureCookies reports whether cookies must carry the Secure attribute.
func (c *Config) SecureCookies() bool { return c.BaseURL.Scheme == "https" }

// HostAllowed reports whether a request with this Host header, with or without
// a port, is meant for this site.
func (c *Config) HostAllowed(host string) bool {
	name := hostName(host)
	for _, allowed := range c.AllowedHosts {
		if name == allowed {
			return true
		}
	}
	return false
}

// Problems returns what Load refused, or nil when err is something else.
func Problems(err error) []Problem {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Problems
	}
	return nil
}
