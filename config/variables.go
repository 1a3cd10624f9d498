package config

// variables is the list of everything that can be configured, with defaults.
// An empty value counts as unset. README.md describes each for operators.
type variables struct {
	BaseURL            string `env:"BASE_URL" envDefault:"http://localhost:8080"`
	Listen             string `env:"LISTEN" envDefault:":8080"`
	SecretKey          string `env:"SECRET_KEY"`
	AllowedHosts       string `env:"ALLOWED_HOSTS"`
	TrustedProxies     string `env:"TRUSTED_PROXIES"`
	Debug              bool   `env:"DEBUG" envDefault:"false"`
	DatabaseURL        string `env:"DATABASE_URL"`
	DatabaseReplicaURL string `env:"DATABASE_REPLICA_URL"`
	RedisURL           string `env:"REDIS_URL"`
	StorageURL         string `env:"STORAGE_URL"`
	SMTPURL            string `env:"SMTP_URL"`
	MailFrom           string `env:"MAIL_FROM"`
	ContactEmail       string `env:"CONTACT_EMAIL"`
	SentryDSN          string `env:"SENTRY_DSN"`
	MetricsListen      string `env:"METRICS_LISTEN"`
	LogLevel           string `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat          string `env:"LOG_FORMAT" envDefault:"text"`
	ACMEEmail          string `env:"ACME_EMAIL"`
	MaxUploadBytes     string `env:"MAX_UPLOAD_BYTES" envDefault:"10GiB"`
	DataDir            string `env:"DATA_DIR" envDefault:".data"`
	DefaultTimeZone    string `env:"DEFAULT_TIME_ZONE" envDefault:"UTC"`
	DefaultLanguage    string `env:"DEFAULT_LANGUAGE" envDefault:"en"`
	WorkerConcurrency  int    `env:"WORKER_CONCURRENCY"`
	OIDCIssuer         string `env:"OIDC_ISSUER"`
	OIDCClientID       string `env:"OIDC_CLIENT_ID"`
	OIDCClientSecret   string `env:"OIDC_CLIENT_SECRET"`
	OIDCName           string `env:"OIDC_NAME"`
	OIDCScopes         string `env:"OIDC_SCOPES" envDefault:"email profile"`
	OIDCSignUp         bool   `env:"OIDC_SIGN_UP" envDefault:"false"`
	CLIPModel          string `env:"CLIP_MODEL" envDefault:"laion/CLIP-ViT-B-32-laion2B-s34B-b79K"`
	CLIPModelURL       string `env:"CLIP_MODEL_URL"`
	CLIPModelDir       string `env:"CLIP_MODEL_DIR"`
	MLDevice           string `env:"ML_DEVICE" envDefault:"auto"`
	MLBatch            int    `env:"ML_BATCH"`
	MLThreads          int    `env:"ML_THREADS"`
}
