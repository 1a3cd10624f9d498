package app

import "github.com/google/uuid"

// mailSeal is the purpose under which the data of mails are sealed: they hold tokens.
const mailSeal = "mail data"

func (a *App) sealMail(id uuid.UUID, text []byte) []byte { return a.seal(mailSeal, id, text) }

func (a *App) openMail(id uuid.UUID, data []byte) ([]byte, error) { return a.open(mailSeal, id, data) }
