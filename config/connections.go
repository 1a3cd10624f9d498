package config

import (
	"errors"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

const redisRemedy = "Write redis://user:password@host:6379/0, rediss:// for TLS, or unix:///run/redis/redis.sock?db=0."

// Redis is where the queue, the cache and the live events are.
type Redis struct {
	Network  string // "tcp", or "unix" for a socket
	Address  string // host:port, or the socket's path
	Username string
	Password Secret
	DB       int
	TLS      bool
}

// ParseRedis reads redis://, rediss:// and unix:// URLs. The error completes a
// sentence that starts with the variable's name, and holds no password.
func ParseRedis(text string) (Redis, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Redis{}, errors.New("is no URL")
	}
	r := Redis{Network: "tcp", Username: u.User.Username(), TLS: u.Scheme == "rediss"}
	password, _ := u.User.Password()
	r.Password = Secret(password)
	db := u.Query().Get("db")
	switch u.Scheme {
	case "redis", "rediss":
		if u.Hostname() == "" {
			return Redis{}, errors.New("names no host")
		}
		port := u.Port()
		if port == "" {
			port = "6379"
		}
		r.Address = net.JoinHostPort(u.Hostname(), port)
		if path := strings.Trim(u.Path, "/"); path != "" {
			db = path
		}
	case "unix":
		if u.Host != "" || !filepath.IsAbs(u.Path) {
			return Redis{}, errors.New("names no absolute socket path (three slashes after unix:)")
		}
		r.Network, r.Address = "unix", u.Path
	default:
		return Redis{}, errors.New("starts with none of redis://, rediss:// and unix://")
	}
	if db != "" {
		n, err := strconv.Atoi(db)
		if err != nil || n < 0 {
			return Redis{}, errors.New(`asks for database "` + db + `", which is no number`)
		}
		r.DB = n
	}
	return r, nil
}

// URL is the address in the form that ParseRedis takes; it reveals the password.
func (r Redis) URL() string {
	u := url.URL{Scheme: "redis", Host: r.Address, Path: "/" + strconv.Itoa(r.DB)}
	switch {
	case r.Network == "unix":
		u = url.URL{Scheme: "unix", Path: r.Address, RawQuery: "db=" + strconv.Itoa(r.DB)}
	case r.TLS:
		u.Scheme = "rediss"
	}
	if r.Username != "" || r.Password != "" {
		u.User = url.UserPassword(r.Username, string(r.Password))
	}
	return u.String()
}

// SMTP is the server that takes our mail.
type SMTP struct {
	Host     string
	Port     int
	Username string
	Password Secret
	TLS      string // "implicit" (smtps), "starttls" (required), or "none"
}

func smtp(text string, found *problems) *SMTP {
	if text == "" {
		return nil
	}
	const remedy = "Write smtp://user:password@mail.example.org:587 (STARTTLS) or smtps://… (TLS from the start); ?tls=none only for a server on this machine. Percent-encode special characters in the password."
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		found.add("SMTP_URL", "is no smtp:// or smtps:// address", remedy)
		return nil
	}
	s := &SMTP{Host: u.Hostname(), Port: 587, Username: u.User.Username(), TLS: "starttls"}
	password, _ := u.User.Password()
	s.Password = Secret(password)
	if u.Scheme == "smtps" {
		s.Port, s.TLS = 465, "implicit"
	}
	if u.Port() != "" {
		s.Port, _ = strconv.Atoi(u.Port())
	}
	switch u.Query().Get("tls") {
	case "":
	case "none":
		if u.Scheme == "smtps" {
			found.add("SMTP_URL", "says smtps and tls=none at once", remedy)
		}
		if u.User != nil && !isLocal(s.Host) {
			found.add("SMTP_URL", "would send its password over the network unencrypted", "Leave out ?tls=none.")
		}
		s.TLS = "none"
	default:
		found.add("SMTP_URL", `has an unknown tls option`, remedy)
	}
	return s
}

func mailFrom(text string, base *url.URL, found *problems) *mail.Address {
	if text == "" {
		return &mail.Address{Name: "Albumen", Address: "albumen@" + base.Hostname()}
	}
	address, err := mail.ParseAddress(text)
	if err != nil {
		found.add("MAIL_FROM", `is "`+text+`", which is no e-mail address`, "Write photos@example.org or Our photos <photos@example.org>.")
		return &mail.Address{}
	}
	return address
}

func checkDatabase(name, text string, found *problems) {
	if text == "" {
		return
	}
	_, err := pgxpool.ParseConfig(text)
	if err == nil {
		return
	}
	message := "cannot be understood"
	// Deeper errors say what is wrong; those of net/url would repeat the password.
	var malformed *url.Error
	if inner := errors.Unwrap(err); inner != nil && !errors.As(err, &malformed) {
		message += " (" + inner.Error() + ")"
	}
	found.add(name, message, "Write postgres://user:password@host:5432/albumen, or host=/run/postgresql dbname=albumen user=albumen for a socket.")
}

func storageURL(text, dataDir string, found *problems) string {
	if text == "" {
		return (&url.URL{Scheme: "file", Path: filepath.Join(dataDir, "media")}).String()
	}
	u, err := url.Parse(text)
	if err != nil {
		found.add("STORAGE_URL", "is no URL", "Write file:///srv/albumen/media, the folder that keeps the photos.")
		return ""
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || !filepath.IsAbs(u.Path) || filepath.Clean(u.Path) == "/" {
			found.add("STORAGE_URL", `is "`+text+`", which names no absolute folder`, "Write it with three slashes: file:///srv/albumen/media.")
		}
		return (&url.URL{Scheme: "file", Path: filepath.Clean(u.Path)}).String()
	case "s3", "azblob", "gs":
		found.add("STORAGE_URL", "starts with "+u.Scheme+"://, which is not available yet in this version", "Use a local folder: file:///srv/albumen/media.")
	default:
		found.add("STORAGE_URL", `does not start with file://`, "Write file:///srv/albumen/media, the folder that keeps the photos.")
	}
	return ""
}
