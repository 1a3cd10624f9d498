package config_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"albumen/config"
)

const secret = "0123456789abcdefghijklmnopqrstuvwxyz"

// base is the least that a complete configuration has.
func base(extra ...string) []string {
	return append([]string{
		"SECRET_KEY=" + secret,
		"DATABASE_URL=postgres://albumen@/albumen?host=/run/pg",
		"REDIS_URL=unix:///run/redis.sock?db=0",
	}, extra...)
}

func load(t *testing.T, environ ...string) *config.Config {
	t.Helper()
	cfg, err := config.Load(environ, t.TempDir(), config.NeedAll)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return cfg
}

func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	cfg, err := config.Load(base(), dir, config.NeedAll)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(cfg.BaseURL, cfg.Listen, cfg.AllowedHosts, cfg.Debug, cfg.StorageURL, cfg.SMTP == nil, cfg.MailFrom,
		cfg.MetricsListen, cfg.LogLevel, cfg.LogFormat, cfg.MaxUploadBytes, cfg.DefaultTimeZone, cfg.DefaultLanguage,
		cfg.CLIPModelDir, cfg.MLDevice, cfg.MLBatch, cfg.MLThreads, cfg.Redis.Address)
	want := fmt.Sprintln("http://localhost:8080", ":8080", []string{"localhost", "127.0.0.1", "::1"}, false,
		"file://"+dir+"/.data/media", true, `"Albumen" <albumen@localhost>`,
		"", "INFO", "text", int64(10<<30), "UTC", "en",
		dir+"/.data/models", "auto", 0, 0, "/run/redis.sock")
	if got != want {
		t.Errorf("defaults\n got %s\nwant %s", got, want)
	}
	if cfg.WorkerConcurrency < 1 {
		t.Errorf("WorkerConcurrency = %d", cfg.WorkerConcurrency)
	}
	if cfg.SecureCookies() {
		t.Error("secure cookies over http would never come back")
	}
	if w := cfg.Warnings(); len(w) != 0 {
		t.Errorf("warnings by default: %q", w)
	}
}

// Every refusal names the variable and says what to do.
func TestRefusals(t *testing.T) {
	cases := []struct{ setting, variable, message string }{
		{"SECRET_KEY=short", "SECRET_KEY", "has only 5 characters of at least 32"},
		{"SECRET_KEY=" + strings.Repeat("ab", 20), "SECRET_KEY", "easy to guess"},
		{"SECRET_KEY=", "SECRET_KEY", "is not set"},
		{"DATABASE_URL=", "DATABASE_URL", "is not set"},
		{"REDIS_URL=", "REDIS_URL", "is not set"},
		{"BASE_URL=photos.example.org", "BASE_URL", "no http or https address"},
		{"BASE_URL=ftp://photos.example.org", "BASE_URL", "no http or https address"},
		{"BASE_URL=https://example.org/photos", "BASE_URL", "host name of its own"},
		{"BASE_URL=https://u:p@example.org", "BASE_URL", "user name or password"},
		{"BASE_URL=https://example.org:99999", "BASE_URL", "impossible port"},
		{"LISTEN=8080", "LISTEN", "no address to listen on"},
		{"LISTEN=:http", "LISTEN", "no address to listen on"},
		{"ALLOWED_HOSTS=*", "ALLOWED_HOSTS", `has "*"`},
		{"ALLOWED_HOSTS=https://example.org", "ALLOWED_HOSTS", "has"},
		{"ALLOWED_HOSTS=other.example.org", "ALLOWED_HOSTS", "leaves out localhost"},
		{"TRUSTED_PROXIES=proxy", "TRUSTED_PROXIES", "neither an address nor a network"},
		{"DEBUG=perhaps", "DEBUG", `is "perhaps"`},
		{"DATABASE_URL=mysql://x", "DATABASE_URL", "cannot be understood"},
		{"DATABASE_URL=postgres://u:hunter2@h:port/d", "DATABASE_URL", "cannot be understood"},
		{"DATABASE_REPLICA_URL=host=/run port=x", "DATABASE_REPLICA_URL", "cannot be understood"},
		{"REDIS_URL=localhost:6379", "REDIS_URL", "starts with none of"},
		{"REDIS_URL=redis:///0", "REDIS_URL", "names no host"},
		{"REDIS_URL=unix://run/redis.sock", "REDIS_URL", "absolute socket path"},
		{"REDIS_URL=redis://h/one", "REDIS_URL", "no number"},
		{"STORAGE_URL=s3://bucket", "STORAGE_URL", "not available yet in this version"},
		{"STORAGE_URL=azblob://c", "STORAGE_URL", "not available yet in this version"},
		{"STORAGE_URL=gs://b", "STORAGE_URL", "not available yet in this version"},
		{"STORAGE_URL=file://media", "STORAGE_URL", "no absolute folder"},
		{"STORAGE_URL=file:///", "STORAGE_URL", "no absolute folder"},
		{"STORAGE_URL=/srv/media", "STORAGE_URL", "does not start with file://"},
		{"SMTP_URL=mail.example.org", "SMTP_URL", "no smtp:// or smtps://"},
		{"SMTP_URL=smtp://u:p@mail.example.org?tls=none", "SMTP_URL", "unencrypted"},
		{"SMTP_URL=smtps://mail.example.org?tls=none", "SMTP_URL", "at once"},
		{"SMTP_URL=smtp://mail.example.org?tls=some", "SMTP_URL", "unknown tls option"},
		{"OIDC_CLIENT_ID=albumen", "OIDC_ISSUER", "is not set although"},
		{"OIDC_ISSUER=https://id.example.org", "OIDC_CLIENT_ID", "is not set although"},
		{"OIDC_ISSUER=http://id.example.org", "OIDC_ISSUER", "no https address"},
		{"OIDC_ISSUER=https://u:p@id.example.org", "OIDC_ISSUER", "no https address"},
		{"SMTP_URL=smtp://mail.example.org", "MAIL_FROM", "is not set although SMTP_URL is"},
		{"MAIL_FROM=nobody", "MAIL_FROM", "no e-mail address"},
		{"CONTACT_EMAIL=Me <me@example.org>", "CONTACT_EMAIL", "no e-mail address"},
		{"ACME_EMAIL=x", "ACME_EMAIL", "no e-mail address"},
		{"SENTRY_DSN=abc", "SENTRY_DSN", "no http or https address"},
		{"METRICS_LISTEN=9090", "METRICS_LISTEN", "no address to listen on"},
		{"METRICS_LISTEN=127.0.0.1:8080", "METRICS_LISTEN", "is the port of LISTEN"},
		{"LOG_LEVEL=loud", "LOG_LEVEL", `is "loud"`},
		{"LOG_FORMAT=xml", "LOG_FORMAT", `is "xml"`},
		{"MAX_UPLOAD_BYTES=big", "MAX_UPLOAD_BYTES", "no size"},
		{"MAX_UPLOAD_BYTES=-1", "MAX_UPLOAD_BYTES", "no size"},
		{"MAX_UPLOAD_BYTES=99999999TiB", "MAX_UPLOAD_BYTES", "no size"},
		{"DEFAULT_TIME_ZONE=Mars/Olympus", "DEFAULT_TIME_ZONE", "no known time zone"},
		{"DEFAULT_LANGUAGE=english!", "DEFAULT_LANGUAGE", "no language tag"},
		{"WORKER_CONCURRENCY=many", "WORKER_CONCURRENCY", "not a whole number"},
		{"WORKER_CONCURRENCY=-1", "WORKER_CONCURRENCY", "is -1"},
		{"ML_DEVICE=gpu", "ML_DEVICE", `is "gpu"`},
		{"ML_BATCH=5000", "ML_BATCH", "is 5000"},
		{"CLIP_MODEL=~/models/clip", "CLIP_MODEL", "neither the name of a model nor a folder"},
		{"CLIP_MODEL=a/../b", "CLIP_MODEL", "neither the name of a model nor a folder"},
		{"CLIP_MODEL_URL=mirror", "CLIP_MODEL_URL", "no http or https address"},
	}
	for _, c := range cases {
		t.Run(c.setting, func(t *testing.T) {
			_, err := config.Load(base(c.setting), t.TempDir(), config.NeedAll)
			list := config.Problems(err)
			if len(list) != 1 {
				t.Fatalf("want one problem, got %v", err)
			}
			if list[0].Variable != c.variable || !strings.Contains(list[0].Message, c.message) {
				t.Errorf("got %q", list[0])
			}
			if list[0].Remedy == "" {
				t.Error("no remedy")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the message shows the password: %s", err)
			}
		})
	}
}

func TestModelsAreNamesOrFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "models/tiny"), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                 "",
		"openai/clip-vit-base-patch32":     "",
		"models/tiny":                      filepath.Join(dir, "models/tiny"),
		"./missing":                        filepath.Join(dir, "missing"),
		"/srv/models/clip":                 "/srv/models/clip",
		"laion/CLIP-ViT-B-16-laion2B-s34B": "",
	} {
		cfg, err := config.Load(base("CLIP_MODEL="+text), dir, config.NeedAll)
		if err != nil || cfg.CLIPModelFolder != want || cfg.CLIPModel == "" {
			t.Errorf("%q is the folder %q, %v; want %q", text, cfg.CLIPModelFolder, err, want)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := config.Load([]string{"LISTEN=x", "LOG_LEVEL=x"}, t.TempDir(), config.NeedAll)
	var names []string
	for _, p := range config.Problems(err) {
		names = append(names, p.Variable)
	}
	if got := strings.Join(names, " "); got != "LISTEN LOG_LEVEL SECRET_KEY DATABASE_URL REDIS_URL" {
		t.Errorf("problems: %s", got)
	}
}

func TestOnlyWhatTheProcessNeeds(t *testing.T) {
	if _, err := config.Load([]string{"REDIS_URL=redis://h"}, t.TempDir(), config.NeedRedis); err != nil {
		t.Errorf("ml needs Redis alone: %v", err)
	}
	if _, err := config.Load(nil, t.TempDir(), config.NeedNothing); err != nil {
		t.Errorf("version needs nothing: %v", err)
	}
}

func TestAccepted(t *testing.T) {
	cfg := load(t, base(
		"BASE_URL=https://Photos.Example.org:8443/", "ALLOWED_HOSTS=photos.example.org, www.example.org:443 [2001:db8::1]",
		"TRUSTED_PROXIES=127.0.0.1 10.1.2.3/8", "STORAGE_URL=file:///srv/a%20b/media/", "MAX_UPLOAD_BYTES=500MB",
		"SMTP_URL=smtps://joe:p%40ss@mail.example.org", "MAIL_FROM=Our photos <photos@example.org>",
		"LOG_LEVEL=WARN", "LOG_FORMAT=JSON", "DEFAULT_TIME_ZONE=Europe/Berlin", "DEFAULT_LANGUAGE=pt-BR",
		"REDIS_URL=rediss://joe:pw@redis.example.org/3", "DATABASE_URL=host=/run/postgresql dbname=albumen user=albumen",
		"WORKER_CONCURRENCY=3", "ML_DEVICE=cuda", "CLIP_MODEL_DIR=/models")...)
	got := fmt.Sprintln(cfg.BaseURL, cfg.AllowedHosts, cfg.TrustedProxies, cfg.StorageURL, cfg.MaxUploadBytes,
		*cfg.SMTP, string(cfg.SMTP.Password), cfg.MailFrom, cfg.LogLevel, cfg.LogFormat, cfg.DefaultTimeZone, cfg.DefaultLanguage,
		cfg.Redis, string(cfg.Redis.Password), cfg.WorkerConcurrency, cfg.MLDevice, cfg.CLIPModelDir)
	want := `https://photos.example.org:8443 [photos.example.org www.example.org 2001:db8::1] [127.0.0.1/32 10.0.0.0/8] file:///srv/a%20b/media 500000000 ` +
		`{mail.example.org 465 joe [secret] implicit} p@ss "Our photos" <photos@example.org> WARN json Europe/Berlin pt-BR ` +
		`{tcp redis.example.org:6379 joe [secret] 3 true} pw 3 cuda /models` + "\n"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if !cfg.SecureCookies() {
		t.Error("https wants secure cookies")
	}
}

func TestHostAllowed(t *testing.T) {
	cfg := load(t, base("BASE_URL=https://photos.example.org")...)
	for host, want := range map[string]bool{
		"photos.example.org": true, "PHOTOS.example.org:443": true, "photos.example.org.": true,
		"evil.example.org": false, "localhost": false, "": false, "photos.example.org.evil.com": false, "photos.example.org@evil.com": false,
	} {
		if cfg.HostAllowed(host) != want {
			t.Errorf("HostAllowed(%q) is not %v", host, want)
		}
	}
	if local := load(t, base()...); !local.HostAllowed("[::1]:8080") || !local.HostAllowed("127.0.0.1:8080") {
		t.Error("without configuration this machine's names are allowed")
	}
}

func TestDotEnvBelowEnvironment(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".env"), "# comment\nSECRET_KEY="+secret+"\nLISTEN=:1\nexport LOG_LEVEL='debug'\nMAX_UPLOAD_BYTE=5\n"+
		"DATABASE_URL='postgres://albumen@/albumen?host=/run/pg'\nREDIS_URL='unix:///run/redis.sock?db=2'\n")
	cfg, err := config.Load([]string{"LISTEN=:2", "BASE_URL="}, dir, config.NeedAll)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != ":2" || cfg.LogLevel != slog.LevelDebug || cfg.Redis.DB != 2 || cfg.BaseURL.Host != "localhost:8080" {
		t.Errorf("got %s %s %d %s", cfg.Listen, cfg.LogLevel, cfg.Redis.DB, cfg.BaseURL)
	}
	if w := cfg.Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], "MAX_UPLOAD_BYTE in .env") {
		t.Errorf("a misspelt name is worth a warning: %q", w)
	}
}

func TestBrokenDotEnvKeepsItsSecrets(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".env"), "SECRET_KEY="+secret+"\nthis is - no setting\n")
	_, err := config.Load(nil, dir, config.NeedNothing)
	if err == nil || !strings.Contains(err.Error(), ".env has a line that is not NAME=value") || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
}

func TestValueFromFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "key"), secret+"\n")
	write(t, filepath.Join(dir, "empty"), "\n")
	cases := []struct {
		name    string
		environ []string
		dotenv  string
		refusal string
	}{
		{"relative path", []string{"SECRET_KEY_FILE=key"}, "", ""},
		{"absolute path", []string{"SECRET_KEY_FILE=" + dir + "/key"}, "", ""},
		{"from .env", nil, "SECRET_KEY_FILE=key\n", ""},
		{"environment over the file named in .env", []string{"SECRET_KEY=" + secret}, "SECRET_KEY_FILE=absent\n", "which does not exist"},
		{"both", []string{"SECRET_KEY=" + secret, "SECRET_KEY_FILE=key"}, "", "are both set"},
		{"absent", []string{"SECRET_KEY_FILE=absent"}, "", "which does not exist"},
		{"folder", []string{"SECRET_KEY_FILE=."}, "", "which is a folder"},
		{"empty", []string{"SECRET_KEY_FILE=empty"}, "", "which is empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			write(t, filepath.Join(dir, ".env"), c.dotenv)
			cfg, err := config.Load(c.environ, dir, config.NeedSecretKey)
			if c.refusal == "" && (err != nil || string(cfg.SecretKey) != secret) {
				t.Errorf("refused: %v", err)
			}
			if c.refusal != "" && (len(config.Problems(err)) != 1 || !strings.Contains(err.Error(), c.refusal)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSecretsStayOutOfLogs(t *testing.T) {
	cfg := load(t, base("SMTP_URL=smtp://u:hunter2@mail.example.org", "MAIL_FROM=a@example.org")...)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "cfg", cfg, "key", cfg.SecretKey)
	text := fmt.Sprintf("%v %+v %#v %s", *cfg, *cfg.SMTP, *cfg.SMTP, log.String())
	if strings.Contains(text, secret) || strings.Contains(text, "hunter2") {
		t.Errorf("a secret shows: %s", text)
	}
}

func TestNotYet(t *testing.T) {
	cfg := load(t, base("SMTP_URL=smtp://mail.example.org", "MAIL_FROM=a@example.org", "METRICS_LISTEN=127.0.0.1:9090", "ACME_EMAIL=a@example.org")...)
	if w := cfg.Warnings(); len(w) != 2 || !strings.Contains(w[0], "ACME_EMAIL is set, but this version does not use it yet") {
		t.Errorf("warnings: %q", w)
	}
}

func TestWeaknesses(t *testing.T) {
	safe := []string{
		"SECRET_KEY=" + secret, "BASE_URL=https://photos.example.org", "TRUSTED_PROXIES=127.0.0.1",
		"SMTP_URL=smtp://mail.example.org", "MAIL_FROM=photos@example.org", "CONTACT_EMAIL=me@example.org",
		"DATABASE_URL=postgres://u:p@db.example.org/albumen?sslmode=verify-full", "REDIS_URL=redis://:pw@redis.example.org",
		"METRICS_LISTEN=127.0.0.1:9090",
	}
	if list := load(t, safe...).Weaknesses(); len(list) != 0 {
		t.Fatalf("a sound set-up is complained about: %+v", list)
	}
	for _, c := range []struct{ setting, variable string }{
		{"DEBUG=true", "DEBUG"},
		{"BASE_URL=http://photos.example.org", "BASE_URL"},
		{"TRUSTED_PROXIES=", "TRUSTED_PROXIES"},
		{"TRUSTED_PROXIES=0.0.0.0/0", "TRUSTED_PROXIES"},
		{"SMTP_URL=smtp://mail.example.org?tls=none", "SMTP_URL"},
		{"SMTP_URL=", "SMTP_URL"},
		{"DATABASE_URL=postgres://u:p@db.example.org/albumen?sslmode=disable", "DATABASE_URL"},
		{"REDIS_URL=redis://redis.example.org", "REDIS_URL"},
		{"METRICS_LISTEN=:9090", "METRICS_LISTEN"},
		{"LOG_LEVEL=debug", "LOG_LEVEL"},
	} {
		list := load(t, append(safe, c.setting)...).Weaknesses()
		if len(list) != 1 || list[0].Variable != c.variable || list[0].Remedy == "" {
			t.Errorf("%s: %+v", c.setting, list)
		}
	}
	dir := t.TempDir()
	cfg, err := config.Load(base("DATABASE_URL=postgres://albumen@/albumen?host="+dir+"/.data/run", "REDIS_URL=unix://"+dir+"/.data/run/redis.sock"), dir, config.NeedAll)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range cfg.Weaknesses() {
		names = append(names, w.Variable)
	}
	if got := strings.Join(names, " "); got != "BASE_URL BASE_URL ALLOWED_HOSTS SMTP_URL DATABASE_URL REDIS_URL" {
		t.Errorf("development set-up: %s", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
