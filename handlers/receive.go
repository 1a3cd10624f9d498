package handlers

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
)

const (
	// bodyPatience is how long a sender may be silent in the middle of a body.
	bodyPatience = time.Minute
	maxFormField = 1 << 10 // bytes
	maxFormParts = 2000
)

// receiver is the use-case of files that come in one request.
type receiver interface {
	ReceiveMedia(context.Context, app.Actor, app.Incoming) (app.Received, error)
}

// outcome is what became of one file, for programs.
type outcome struct {
	Filename string    `json:"filename,omitempty"` // as it was sent
	Outcome  string    `json:"outcome"`            // created, duplicate, restored or refused
	ID       uuid.UUID `json:"id,omitzero"`
	URL      string    `json:"url,omitempty"`
	Code     string    `json:"code,omitempty"` // of a refusal
	Message  string    `json:"message"`
}

var outcomeTexts = map[app.ReceiveOutcome]string{
	app.OutcomeCreated:   "receive.created",
	app.OutcomeDuplicate: "receive.duplicate",
	app.OutcomeRestored:  "receive.restored",
}

func outcomeOf(ctx context.Context, filename string, got app.Received) outcome {
	o := outcome{Filename: filename, Outcome: string(got.Outcome), ID: got.Media.ID, Message: i18n.T(ctx, outcomeTexts[got.Outcome])}
	if o.ID != uuid.Nil {
		o.URL = "/media/" + o.ID.String()
	}
	return o
}

// fileForm reads a multipart body part by part, as it comes.
type fileForm struct {
	reader *multipart.Reader
	parts  int
}

// openForm makes sure that the body is a multipart form and that its sender
// keeps sending.
func openForm(c echo.Context) (*fileForm, error) {
	r := c.Request()
	r.Body = patient{r.Body, http.NewResponseController(c.Response())}
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, &app.Error{Code: app.CodeInvalid, Key: "receive.not_multipart", Err: err}
	}
	return &fileForm{reader: reader}, nil
}

// next returns the next file, or nil at the end; fields before it are stored
// through fields, by name, and others passed over.
func (f *fileForm) next(fields map[string]*string, files ...string) (*multipart.Part, error) {
	for {
		part, err := f.reader.NextPart()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, &app.Error{Code: app.CodeInvalid, Key: "receive.not_multipart", Err: err}
		}
		if f.parts++; f.parts > maxFormParts {
			return nil, &app.Error{Code: app.CodeInvalid, Key: "receive.too_many_files", Args: map[string]any{"Count": maxFormParts}}
		}
		if value := fields[part.FormName()]; value != nil {
			text, err := io.ReadAll(io.LimitReader(part, maxFormField))
			if err != nil {
				return nil, &app.Error{Code: app.CodeInvalid, Key: "receive.not_multipart", Err: err}
			}
			*value = string(text)
			continue
		}
		for _, name := range files {
			if part.FormName() == name && part.FileName() != "" {
				return part, nil
			}
		}
	}
}

// receiveFile takes the one file (field "file") of a form, with an album
// (field "album_id", before or after it). The API's upload is this.
func (s *Server) receiveFile(c echo.Context, to receiver) (app.Received, error) {
	actor := s.actor(c)
	if !actor.SignedIn() {
		return app.Received{}, &app.Error{Code: app.CodeUnauthenticated, Key: "error.unauthenticated"}
	}
	f, err := openForm(c)
	if err != nil {
		return app.Received{}, err
	}
	album := ""
	fields := map[string]*string{"album_id": &album}
	part, err := f.next(fields, "file")
	if err != nil {
		return app.Received{}, err
	}
	if part == nil {
		return app.Received{}, &app.Error{Code: app.CodeInvalid, Key: "receive.no_file", Fields: map[string]string{"file": "receive.no_file"}}
	}
	id, err := albumField(album)
	if err != nil {
		return app.Received{}, err
	}
	return to.ReceiveMedia(c.Request().Context(), actor, app.Incoming{
		Filename: part.FileName(), AlbumID: id, Size: -1, Body: part,
		Album: func() (*uuid.UUID, error) {
			if _, err := f.next(fields, "file"); err != nil {
				return nil, err
			}
			return albumField(album)
		},
	})
}

// patient gives up on a sender that falls silent.
type patient struct {
	io.ReadCloser
	rc *http.ResponseController
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.rc.SetReadDeadline(time.Now().Add(bodyPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ReadCloser.Read(b)
}
