package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/app"
	"albumen/config"
	"albumen/db"
	"albumen/handlers"
	"albumen/jobs"
	"albumen/live"
	"albumen/media"
	"albumen/ml"
	"albumen/oidc"
	"albumen/redisdb"
	"albumen/storage"
)

// services is what the long-running processes stand on.
type services struct {
	cfg   *config.Config
	log   *slog.Logger
	db    *db.Pool
	redis *redis.Pool
	store storage.Store
	queue *jobs.Queue
	ml    *ml.Client
	// pictures starts its child process when the first avatar comes.
	pictures *media.Rasters
	app      *app.App
	media    *media.Processor // nil where no files are looked into
}

// load reads the configuration and sets up the log.
func (p *program) load(need config.Need) (*config.Config, *slog.Logger, error) {
	cfg, err := config.Load(p.environ, p.dir, need)
	if err != nil {
		return nil, nil, err
	}
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(p.err, options)
	if cfg.LogFormat == "json" {
		handler = slog.NewJSONHandler(p.err, options)
	}
	return cfg, slog.New(handlers.LogHandler(handler)), nil
}

// openDB connects to the database alone and makes sure of its schema.
func (p *program) openDB(ctx context.Context, cfg *config.Config) (*db.Pool, error) {
	pool, err := db.Open(ctx, string(cfg.DatabaseURL))
	if err != nil {
		return nil, err
	}
	if err := pool.CheckSchema(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// open connects to everything; with adds to what the use-cases need. The caller
// must close what it gets.
func (p *program) open(ctx context.Context, with ...func(*services, *app.Deps) error) (*services, error) {
	cfg, log, err := p.load(config.NeedAll)
	if err != nil {
		return nil, err
	}
	for _, w := range cfg.Warnings() {
		log.WarnContext(ctx, w)
	}
	s := &services{cfg: cfg, log: log}
	if s.db, err = p.openDB(ctx, cfg); err != nil {
		return nil, err
	}
	if s.redis, err = redisdb.Open(ctx, cfg.Redis.URL()); err != nil {
		s.close()
		return nil, err
	}
	if s.store, err = storage.Open(cfg.StorageURL); err != nil {
		s.close()
		return nil, fmt.Errorf("open the storage: %w", err)
	}
	if s.pictures, err = media.NewRasters(media.Config{Workers: 1, Logger: log}); err != nil {
		s.close()
		return nil, err
	}
	s.queue = jobs.NewQueue(jobs.Namespace, s.redis)
	s.ml = ml.NewClient(s.redis, ml.Prefix)
	deps := app.Deps{
		DB: s.db, Storage: s.store, Jobs: s.queue, Live: live.NewPublisher(s.redis, live.Channel), Log: log,
		Limits: app.Limits{MaxUploadBytes: cfg.MaxUploadBytes}, SecretKey: []byte(cfg.SecretKey),
		DefaultZone: cfg.DefaultTimeZone, Now: time.Now, ML: s.ml, Attempts: app.NewRateLimiter(s.redis, "albumen:limit:"),
		Mail: mailDeps(cfg), Identity: identityDeps(cfg),
		BreachedPasswords: breachedPasswords(cfg), Pictures: s.pictures,
	}
	for _, add := range with {
		if err := add(s, &deps); err != nil {
			s.close()
			return nil, err
		}
	}
	s.app = app.New(deps)
	return s, nil
}

// withStripper lets the process make copies of originals without metadata.
func withStripper(s *services, d *app.Deps) error {
	var err error
	s.media, err = media.NewProcessor(media.Config{Workers: strippers, Logger: s.log})
	d.Strip = s.media
	return err
}

// strippers is how many copies a web process makes at once.
const strippers = 2

func (s *services) close() {
	if s.pictures != nil {
		s.pictures.Close()
	}
	if s.media != nil {
		if err := s.media.Close(); err != nil {
			s.log.Warn("could not end the decoders", "error", err)
		}
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Warn("could not close the storage", "error", err)
		}
	}
	if s.redis != nil {
		if err := s.redis.Close(); err != nil {
			s.log.Warn("could not close the connections to Redis", "error", err)
		}
	}
	s.db.Close()
}

// identityDeps is where people may sign in elsewhere, if anywhere.
func identityDeps(cfg *config.Config) app.IdentityDeps {
	if cfg.OIDC == nil {
		return app.IdentityDeps{}
	}
	return app.IdentityDeps{Name: cfg.OIDC.Name, SignUp: cfg.OIDC.SignUp, Provider: oidc.New(oidc.Config{
		Issuer: cfg.OIDC.Issuer, ClientID: cfg.OIDC.ClientID, ClientSecret: string(cfg.OIDC.ClientSecret), Scopes: cfg.OIDC.Scopes,
		RedirectURL: cfg.BaseURL.String() + handlers.OIDCBackPath,
	})}
}
