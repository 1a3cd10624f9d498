package main

import (
	"path/filepath"

	"albumen/app"
	"albumen/config"
	"albumen/mail"
)

// mailDeps says where mails go: to the server of SMTP_URL, or into a folder.
func mailDeps(cfg *config.Config) app.MailDeps {
	deps := app.MailDeps{BaseURL: cfg.BaseURL, From: cfg.MailFrom, Language: cfg.DefaultLanguage.String(), Contact: cfg.ContactEmail}
	if cfg.SMTP == nil {
		deps.Outbox = mail.NewOutbox(filepath.Join(cfg.DataDir, "outbox"))
		deps.Transport = deps.Outbox
		return deps
	}
	deps.Transport = mail.NewSMTP(mail.SMTPConfig{
		Host: cfg.SMTP.Host, Port: cfg.SMTP.Port, Username: cfg.SMTP.Username, Password: string(cfg.SMTP.Password), TLS: mail.TLS(cfg.SMTP.TLS),
	})
	return deps
}
