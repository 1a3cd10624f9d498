package handlers_test

import (
	"github.com/google/uuid"

	"albumen/app"
)

// report is the open case of a photo of the uploader's that somebody has reported.
func (st *stage) report() string {
	id, err := uuid.Parse(st.item())
	if err != nil {
		st.t.Fatal(err)
	}
	reporter := st.person(uuid.NewString()+"@example.org", false) // nobody may report without end
	st.exec("INSERT INTO album_grants (id, album_id, user_id, role) VALUES ($1, $2, $3, 'viewer')", uuid.New(), st.album, reporter.ID)
	if err := st.app.ReportMedia(st.t.Context(), app.UserActor(reporter), id, app.NewReport{Reason: "hate"}); err != nil {
		st.t.Fatal(err)
	}
	page, err := st.app.Reports(st.t.Context(), app.UserActor(st.people["site admin"]), app.ReportsQuery{Limit: 1})
	if err != nil || len(page.Items) == 0 {
		st.t.Fatal(page, err)
	}
	return page.Items[0].ID.String()
}

// message is what somebody wrote to the administrators.
func (st *stage) message() string {
	ctx, admin := st.t.Context(), app.UserActor(st.people["site admin"])
	writer := st.person(uuid.NewString()+"@example.org", false) // nobody may write without end
	if err := st.app.SendContact(ctx, app.UserActor(writer), app.NewContact{Message: "Hello"}); err != nil {
		st.t.Fatal(err)
	}
	page, err := st.app.ContactMessages(ctx, admin, app.ContactQuery{Limit: 1})
	if err != nil || len(page.Items) == 0 {
		st.t.Fatal(page, err)
	}
	return page.Items[0].ID.String()
}
