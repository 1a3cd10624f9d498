package handlers_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"albumen/app"
	"albumen/handlers"
)

func TestTheAuditLogOnPages(t *testing.T) {
	s := newSite(t)
	admin, ann := s.person("log-admin@example.org", true), s.person("log-ann@example.org", false)
	if _, err := s.app.CreateAlbum(t.Context(), app.UserActor(ann), app.NewAlbum{Title: "=HYPERLINK(\"x\")"}); err != nil {
		t.Fatal(err)
	}
	group, err := s.app.CreateGroup(t.Context(), app.UserActor(admin), "<b>Family</b>")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.app.RenameGroup(t.Context(), app.UserActor(admin), group.ID, "Club"); err != nil {
		t.Fatal(err)
	}
	if err := s.app.AddGroupMember(t.Context(), app.UserActor(admin), group.ID, ann.ID); err != nil {
		t.Fatal(err)
	}
	st := &stage{site: s}
	get := func(who, address string) (int, http.Header, string) {
		t.Helper()
		b := s.browser()
		person := admin
		if who == "ann" {
			person = ann
		}
		r := request(http.MethodGet, address, nil, "Cookie", "__Host-albumen_session="+st.session(person))
		a := b.do(r)
		return a.StatusCode, a.Header, a.body
	}
	code, _, body := get("admin", "/admin/audit")
	if code != http.StatusOK || !strings.Contains(body, "Renamed a group") || !strings.Contains(body, "&lt;b&gt;Family&lt;/b&gt;") || strings.Contains(body, "<b>Family") {
		t.Errorf("%d: %s", code, body)
	}
	// The title is told as it was recorded, and leads nowhere.
	if !strings.Contains(body, "=HYPERLINK") || strings.Contains(body, `href="/albums/0`) {
		t.Error("the private album")
	}
	for address, want := range map[string][2]string{
		"/admin/audit?action=album":        {"Made an album", "Made a group<"},
		"/admin/audit?who=log-ann":         {"Put somebody into a group", "Renamed a group ·"},
		"/admin/audit?from=2999-01-01":     {"No entries", "HYPERLINK"},
		"/admin/audit?kind=unheard&text=x": {"No entries", "HYPERLINK"},
	} {
		if code, _, body := get("admin", address); code != http.StatusOK || !strings.Contains(body, want[0]) || strings.Contains(body, `<strong>`+want[1]) {
			t.Errorf("%s: %d", address, code)
		}
	}
	if code, _, body := get("admin", "/admin/audit?from=yesterday"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "2026-11-24") {
		t.Errorf("a day that is none: %d", code)
	}
	if code, _, _ := get("ann", "/admin/audit/export"); code != http.StatusNotFound {
		t.Errorf("an export for others: %d", code)
	}
	code, header, body := get("admin", "/admin/audit/export?text=hyperlink")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || code != http.StatusOK || len(rows) != 3 || rows[1][5] != "audit.export" || rows[2][5] != "album.create" || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d, %v, %q", code, err, rows)
	}
	code, _, body = get("ann", "/account/activity")
	if code != http.StatusOK || !strings.Contains(body, "Made an album") || !strings.Contains(body, "Put somebody into a group") || strings.Contains(body, "Renamed a group") {
		t.Errorf("one's own: %d", code)
	}

	token := s.tokenOf(admin, app.AllScopes())
	a := s.browser().do(request(http.MethodGet, "/api/v1/audit?limit=2&action=group", nil, "Authorization", "Bearer "+token))
	var list struct {
		Items []struct {
			Action string
			Detail map[string]any
		}
		Next string
	}
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list.Items) != 2 || list.Next == "" || list.Items[1].Detail["after"] != "Club" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "Ann": "Ann", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "a=1": "a=1",
	} {
		if got := handlers.HarmlessCell(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
