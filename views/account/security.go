package account

import (
	"encoding/base64"
	"strings"

	"albumen/views/layout"
)

// Security is how a person signs in, one row for each way.
type Security struct {
	Page layout.Page
	Rows []Way
}

// Way is a way to sign in, or a part of one, and what can be done about it.
type Way struct {
	Icon, Title string
	State       string // such as "On since …"
	Acts        []Link // only Title and Href
}

// TOTPSetup shows a secret to an authenticator app; a code of it is posted to ActionURL.
type TOTPSetup struct {
	Form   Form
	QR     []byte // SVG of the secret's address
	Secret string // to be typed, in groups
}

// qrURL is the picture as an address, which the content security policy allows to pictures.
func (p TOTPSetup) qrURL() string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(p.QR)
}

// Recovery shows recovery codes, this once.
type Recovery struct {
	Page     layout.Page
	Codes    []string
	FileName string
	FileHead string // the first line of the file
	DoneURL  string
}

// fileURL holds the codes as a file: the server could not make it again.
func (p Recovery) fileURL() string {
	text := p.FileHead + "\r\n\r\n" + strings.Join(p.Codes, "\r\n") + "\r\n"
	return "data:text/plain;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(text))
}
