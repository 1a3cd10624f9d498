package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const bootstrapHint = "scripts/bootstrap writes it into .env for a private one; otherwise "

// require reports what the process needs and did not get.
func (c *Config) require(need Need, found *problems) {
	if need&NeedSecretKey != 0 || c.SecretKey != "" {
		c.checkSecret(found)
	}
	if need&NeedDatabase != 0 && c.DatabaseURL == "" {
		found.add("DATABASE_URL", "is not set", bootstrapHint+"write postgres://user:password@host:5432/albumen.")
	}
	if need&NeedRedis != 0 && c.Redis.Network == "" && !found.mention("REDIS_URL") {
		found.add("REDIS_URL", "is not set", bootstrapHint+"write redis://host:6379/0.")
	}
}

func (p problems) mention(variable string) bool {
	return slices.ContainsFunc(p, func(one Problem) bool { return one.Variable == variable })
}

func (c *Config) checkSecret(found *problems) {
	const remedy = "scripts/bootstrap writes a good one into .env; or use the output of: openssl rand -hex 32"
	switch key := string(c.SecretKey); {
	case key == "":
		if !found.mention("SECRET_KEY") && !found.mention("SECRET_KEY_FILE") {
			found.add("SECRET_KEY", "is not set", remedy)
		}
	case len(key) < MinSecretBytes:
		found.add("SECRET_KEY", "has only "+strconv.Itoa(len(key))+" characters of at least "+strconv.Itoa(MinSecretBytes), remedy)
	case distinct(key) < 8:
		found.add("SECRET_KEY", "is too easy to guess", remedy)
	}
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

// crossCheck reports settings that contradict each other.
func (c *Config) crossCheck(found *problems) {
	if !found.mention("BASE_URL") && !found.mention("ALLOWED_HOSTS") && !c.HostAllowed(c.BaseURL.Host) {
		found.add("ALLOWED_HOSTS", "leaves out "+c.BaseURL.Hostname()+", the host of BASE_URL", "Add it, or leave ALLOWED_HOSTS out.")
	}
	if c.MetricsListen != "" && samePort(c.MetricsListen, c.Listen) {
		found.add("METRICS_LISTEN", "is the port of LISTEN", "Give the metrics a port of their own, such as 127.0.0.1:9090.")
	}
	if c.SMTP != nil && !found.mention("SMTP_URL") && c.MailFrom.Address == "albumen@"+c.BaseURL.Hostname() && isLocal(c.BaseURL.Hostname()) {
		found.add("MAIL_FROM", "is not set although SMTP_URL is", "Write the sender that your mail server accepts, such as photos@example.org.")
	}
}

func samePort(a, b string) bool {
	_, portA, _ := net.SplitHostPort(a)
	_, portB, _ := net.SplitHostPort(b)
	return portA == portB
}

// unused are settings that are understood and checked but have no effect in
// this version.
var unused = []string{
	"ACME_EMAIL", "CONTACT_EMAIL", "DATABASE_REPLICA_URL", "DEBUG", "METRICS_LISTEN", "SENTRY_DSN",
}

// notYet warns of those that are given.
func notYet(values map[string]string) []string {
	var warnings []string
	for _, name := range unused {
		if values[name] != "" {
			warnings = append(warnings, name+" is set, but this version does not use it yet.")
		}
	}
	return warnings
}

// Weakness is something that is fine for trying out and not for production.
type Weakness struct {
	Variable string
	Message  string // a sentence: what is weak
	Remedy   string // a sentence: what to do
}

// Weaknesses lists what `albumen check --deploy` complains about, empty when
// the configuration is fit for production.
func (c *Config) Weaknesses() []Weakness {
	var list []Weakness
	add := func(when bool, variable, message, remedy string) {
		if when {
			list = append(list, Weakness{variable, message, remedy})
		}
	}
	host := c.BaseURL.Hostname()
	everyone := slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Bits() == 0 })
	metricsHost, _, _ := net.SplitHostPort(c.MetricsListen)

	add(c.Debug, "DEBUG", "Debug mode shows internals to visitors.", "Set DEBUG=false or leave it out.")
	add(c.BaseURL.Scheme != "https", "BASE_URL", "Passwords and photos travel unencrypted over http.", "Put a TLS proxy in front and set BASE_URL=https://….")
	add(isLocal(host), "BASE_URL", "Links in mails and shares point to "+host+", which only this machine reaches.", "Set BASE_URL to the public address.")
	add(!c.hostsGiven && isLocal(host), "ALLOWED_HOSTS", "Requests for localhost are answered by default.", "Set BASE_URL, or ALLOWED_HOSTS, to the public host name.")
	add(c.BaseURL.Scheme == "https" && len(c.TrustedProxies) == 0, "TRUSTED_PROXIES", "Behind a proxy every visitor looks like the proxy, so rate limits hit them together.", "Set TRUSTED_PROXIES to the proxy's address.")
	add(everyone, "TRUSTED_PROXIES", "Every client may pretend to be at another address.", "List only the addresses of your proxies.")
	add(c.SMTP == nil, "SMTP_URL", "Mails are written into a folder, so invitations and password resets reach nobody.", "Set SMTP_URL to your mail server.")
	add(c.SMTP != nil && c.SMTP.TLS == "none" && !isLocal(c.SMTP.Host), "SMTP_URL", "Mail travels unencrypted to the mail server.", "Leave out ?tls=none.")
	add(strings.Contains(string(c.DatabaseURL), c.DataDir+"/"), "DATABASE_URL", "The development database under DATA_DIR is in use.", "Point DATABASE_URL to a PostgreSQL server that is backed up.")
	add(strings.Contains(string(c.DatabaseURL), "sslmode=disable") && !strings.Contains(string(c.DatabaseURL), "host=/"), "DATABASE_URL", "The connection to PostgreSQL is unencrypted.", "Use sslmode=verify-full, unless the network is private.")
	add(strings.HasPrefix(c.Redis.Address, c.DataDir+"/"), "REDIS_URL", "The development Redis under DATA_DIR is in use.", "Point REDIS_URL to a Redis server of your own.")
	add(c.Redis.Network == "tcp" && c.Redis.Password == "", "REDIS_URL", "Redis is used without a password.", "Set a password in Redis and in REDIS_URL.")
	add(c.MetricsListen != "" && !isLocal(hostName(metricsHost)), "METRICS_LISTEN", "Metrics are readable from every network.", "Listen on 127.0.0.1 or a private address, or keep the port behind a firewall.")
	add(c.LogLevel < 0, "LOG_LEVEL", "Debug logs are large and hold personal data.", "Set LOG_LEVEL=info.")
	return list
}
