package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a small container has no zone files

	"golang.org/x/text/language"
)

// MinSecretBytes is the least length of SECRET_KEY.
const MinSecretBytes = 32

// build turns texts into types and reports what it cannot understand.
func build(v variables, dir string, found *problems) *Config {
	c := &Config{
		SecretKey:          Secret(v.SecretKey),
		Debug:              v.Debug,
		DatabaseURL:        Secret(v.DatabaseURL),
		DatabaseReplicaURL: Secret(v.DatabaseReplicaURL),
		RedisURL:           Secret(v.RedisURL),
		SentryDSN:          Secret(v.SentryDSN),
		CLIPModel:          v.CLIPModel,
		CLIPModelFolder:    modelFolder(v.CLIPModel, dir, found),
		CLIPModelURL:       v.CLIPModelURL,
		DataDir:            absolute(dir, v.DataDir),
		hostsGiven:         v.AllowedHosts != "",
	}
	c.BaseURL = baseURL(v.BaseURL, found)
	c.Listen = listenAddress("LISTEN", v.Listen, found)
	c.MetricsListen = listenAddress("METRICS_LISTEN", v.MetricsListen, found)
	c.AllowedHosts = allowedHosts(v.AllowedHosts, c.BaseURL, found)
	c.TrustedProxies = prefixes(v.TrustedProxies, found)
	checkDatabase("DATABASE_URL", v.DatabaseURL, found)
	checkDatabase("DATABASE_REPLICA_URL", v.DatabaseReplicaURL, found)
	if v.RedisURL != "" {
		redis, err := ParseRedis(v.RedisURL)
		if err != nil {
			found.add("REDIS_URL", err.Error(), redisRemedy)
		}
		c.Redis = redis
	}
	c.StorageURL = storageURL(v.StorageURL, c.DataDir, found)
	c.SMTP = smtp(v.SMTPURL, found)
	c.MailFrom = mailFrom(v.MailFrom, c.BaseURL, found)
	c.OIDC = oidc(v, found)
	c.ContactEmail = email("CONTACT_EMAIL", v.ContactEmail, found)
	c.ACMEEmail = email("ACME_EMAIL", v.ACMEEmail, found)
	webURL("SENTRY_DSN", v.SentryDSN, "Copy the DSN from the project's settings in Sentry, or leave it out.", found)
	webURL("CLIP_MODEL_URL", v.CLIPModelURL, "Write the address of the mirror, such as https://models.example.org, or leave it out.", found)
	if err := c.LogLevel.UnmarshalText([]byte(v.LogLevel)); err != nil {
		c.LogLevel = slog.LevelInfo
		found.add("LOG_LEVEL", `is "`+v.LogLevel+`"`, "Write debug, info, warn or error.")
	}
	c.LogFormat = oneOf("LOG_FORMAT", v.LogFormat, found, "text", "json")
	c.MLDevice = oneOf("ML_DEVICE", v.MLDevice, found, "auto", "cpu", "cuda")
	c.MaxUploadBytes = byteCount("MAX_UPLOAD_BYTES", v.MaxUploadBytes, found)
	c.DefaultTimeZone = timeZone(v.DefaultTimeZone, found)
	tag, err := language.Parse(v.DefaultLanguage)
	if err != nil {
		found.add("DEFAULT_LANGUAGE", `is "`+v.DefaultLanguage+`", which is no language tag`, "Write a tag such as en, de or pt-BR.")
	}
	c.DefaultLanguage = tag
	c.WorkerConcurrency = between("WORKER_CONCURRENCY", v.WorkerConcurrency, runtime.NumCPU(), 256, found)
	c.MLBatch = between("ML_BATCH", v.MLBatch, 0, 1024, found)
	c.MLThreads = between("ML_THREADS", v.MLThreads, 0, 1024, found)
	c.CLIPModelDir = absolute(c.DataDir, "models")
	if v.CLIPModelDir != "" {
		c.CLIPModelDir = absolute(dir, v.CLIPModelDir)
	}
	return c
}

func baseURL(text string, found *problems) *url.URL {
	const remedy = "Write the address that people type, such as https://photos.example.org, without a path."
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		found.add("BASE_URL", `is "`+text+`", which is no http or https address`, remedy)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		found.add("BASE_URL", `is "`+text+`", but Albumen needs a host name of its own`, remedy)
	case u.User != nil:
		found.add("BASE_URL", "holds a user name or password", remedy)
	case !validPort(u.Port(), true):
		found.add("BASE_URL", `is "`+text+`", with an impossible port`, remedy)
	default:
		return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	}
	return &url.URL{Scheme: "http", Host: "localhost"}
}

func validPort(port string, mayBeEmpty bool) bool {
	if port == "" {
		return mayBeEmpty
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 65536
}

func listenAddress(name, text string, found *problems) string {
	if text == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || !validPort(port, false) || strings.ContainsAny(host, "/ ") {
		found.add(name, `is "`+text+`", which is no address to listen on`, "Write :8080 for every network, or 127.0.0.1:8080 for this machine only.")
	}
	return text
}

// hostName strips the port, the brackets of IPv6 and the final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// fields splits a list at commas and white space.
func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}

func allowedHosts(text string, base *url.URL, found *problems) []string {
	if text == "" {
		if isLocal(base.Hostname()) {
			return []string{"localhost", "127.0.0.1", "::1"}
		}
		return []string{hostName(base.Host)}
	}
	var hosts []string
	for _, host := range fields(text) {
		if strings.ContainsAny(host, "*/@?#") {
			found.add("ALLOWED_HOSTS", `has "`+host+`"`, "List every host name by itself, without wildcards, schemes or paths, such as photos.example.org,www.example.org.")
			continue
		}
		hosts = append(hosts, hostName(host))
	}
	return hosts
}

func prefixes(text string, found *problems) []netip.Prefix {
	var list []netip.Prefix
	for _, field := range fields(text) {
		if prefix, err := netip.ParsePrefix(field); err == nil {
			list = append(list, prefix.Masked())
		} else if ip, err := netip.ParseAddr(field); err == nil {
			list = append(list, netip.PrefixFrom(ip, ip.BitLen()))
		} else {
			found.add("TRUSTED_PROXIES", `has "`+field+`", which is neither an address nor a network`, "Write the addresses of your reverse proxies, such as 127.0.0.1 or 10.0.0.0/8.")
		}
	}
	return list
}

func email(name, text string, found *problems) string {
	if text == "" {
		return ""
	}
	address, err := mail.ParseAddress(text)
	if err != nil || address.Name != "" {
		found.add(name, `is "`+text+`", which is no e-mail address`, "Write one such as admin@example.org.")
		return ""
	}
	return address.Address
}

func webURL(name, text, remedy string, found *problems) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		found.add(name, "is no http or https address", remedy)
	}
}

func oneOf(name, text string, found *problems, choices ...string) string {
	for _, choice := range choices {
		if strings.EqualFold(text, choice) {
			return choice
		}
	}
	found.add(name, `is "`+text+`"`, "Write one of: "+strings.Join(choices, ", ")+".")
	return choices[0]
}

// between gives fallback for zero, which is what an unset variable leaves.
func between(name string, n, fallback, most int, found *problems) int {
	if n == 0 {
		return fallback
	}
	if n < 0 || n > most {
		found.add(name, "is "+strconv.Itoa(n), "Write a number between 1 and "+strconv.Itoa(most)+".")
	}
	return n
}

func timeZone(text string, found *problems) *time.Location {
	zone, err := time.LoadLocation(text)
	if err != nil || text == "Local" {
		found.add("DEFAULT_TIME_ZONE", `is "`+text+`", which is no known time zone`, "Write a name such as Europe/Berlin or UTC.")
		return time.UTC
	}
	return zone
}

// byteCount reads a number of bytes with an optional unit: 500MB, 10GiB.
func byteCount(name, text string, found *problems) int64 {
	units := []struct {
		suffix string
		factor int64
	}{
		{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"TIB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
	}
	upper := strings.ToUpper(strings.TrimSpace(text))
	for _, unit := range units {
		digits, ok := strings.CutSuffix(upper, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err == nil && n > 0 && n <= (1<<62)/unit.factor {
			return n * unit.factor
		}
		break
	}
	found.add(name, `is "`+text+`", which is no size`, "Write a number of bytes, or a number with a unit such as 500MB or 10GiB.")
	return 0
}
