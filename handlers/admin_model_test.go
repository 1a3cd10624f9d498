package handlers_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/ml"
)

// says lets ml processes be in these states, as they tell through Redis.
func (s *site) says(statuses ...ml.Status) {
	s.t.Helper()
	conn, keys := s.redis.Get(), ml.Keys{Prefix: s.mlPrefix}
	defer conn.Close()
	if _, err := conn.Do("DEL", keys.Processes()); err != nil {
		s.t.Fatal(err)
	}
	for _, status := range statuses {
		status.Process, status.Host, status.PID, status.Since = uuid.NewString(), "box", 77, time.Now()
		said, err := json.Marshal(status)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := conn.Do("SET", keys.Status(status.Process), said, "EX", 60); err != nil {
			s.t.Fatal(err)
		}
		if _, err := conn.Do("SADD", keys.Processes(), status.Process); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) dispatch() {
	s.t.Helper()
	if _, err := s.app.DispatchEmbeddings(s.t.Context(), app.SystemActor(), s.queue); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) number(sql string, args ...any) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestModelPage(t *testing.T) {
	s := newSite(t)
	b := s.signedIn("admin@example.org")
	ready := func(id string, random bool) ml.Status {
		return ml.Status{State: ml.StateReady, Model: ml.Model{ID: id + "@1", Name: id, Dimension: 3, Random: random}, Device: "cpu avx2 ×2", ImagesPerSecond: 2}
	}
	fetching := ml.Status{State: ml.StateFetching, Model: ml.Model{Name: "laion"}, Fetched: 1 << 20, FetchTotal: 4 << 20}
	for _, c := range []struct {
		statuses []ml.Status
		want     []string
	}{
		{nil, []string{"no model process is running", "Start one with"}},
		{[]ml.Status{{State: ml.StateLoading, Model: ml.Model{Name: "laion"}}}, []string{"Loading laion", "model is being loaded"}},
		{[]ml.Status{fetching}, []string{"Downloading laion: 1\u00a0MB of 4.2\u00a0MB", "<progress"}},
		{[]ml.Status{{State: ml.StateNoModel, Model: ml.Model{Name: "laion"}, Detail: &ml.Detail{Code: ml.DetailOffline, Text: "no route to host"}}},
			[]string{"cannot be downloaded", "no route to host", "Has no model yet: laion", "box:77", " open>"}},
		{[]ml.Status{{State: ml.StateFailed, Model: ml.Model{Name: "laion"}, Detail: &ml.Detail{Code: ml.DetailFolder, Text: "config.json: lacks vision_config"}}},
			[]string{"Something in the folder of the model is missing", "config.json: lacks vision_config", "Cannot use laion"}},
	} {
		s.says(c.statuses...)
		contains(t, b.ok("/admin/model"), append(c.want, "albumen-ml fetch-model", "CLIP_MODEL_URL")...)
		lacks(t, b.ok("/admin"), "Ready")
	}

	conn := s.redis.Get() // what Redis answers cannot be read
	defer conn.Close()
	if _, err := conn.Do("SET", ml.Keys{Prefix: s.mlPrefix}.Processes(), "rubbish"); err != nil {
		t.Fatal(err)
	}
	contains(t, b.ok("/admin/model"), "Redis does not answer", "albumen-ml fetch-model")

	mine := s.add(file{name: "mine.jpg"})
	other := s.user("other@example.org", false)
	foreign := s.add(file{name: "private.jpg", owner: other})
	s.says(ready("first", true))
	s.dispatch()
	s.exec("UPDATE media_ai SET state = 'failed', error_code = 'decode', attempts = 2, lease_until = NULL")
	page := b.ok("/admin/model")
	contains(t, page, "Ready with first", "cpu avx2 ×2", "2 photos a second", "In use", "not trained", "0 of 2 photos done; 2 could not be looked at",
		"mine.jpg", `href="/media/`+mine.String()+`"`, "A file of other@example.org", "cannot be read", `action="/admin/model/media/`+foreign.String()+`/retry"`)
	lacks(t, page, "private.jpg", "is off", "/prune")
	contains(t, b.ok("/admin"), "Ready: first.", `href="/admin/model"`)

	one := "SELECT count(*) FROM media_ai WHERE state = 'pending' AND media_id = $1"
	b.post("/admin/model/media/"+foreign.String()+"/retry", nil).want(t, http.StatusSeeOther, "/admin/model")
	if s.number(one, foreign) != 1 || s.number(one, mine) != 0 {
		t.Error("retrying one did not retry that one")
	}
	if a := b.post("/admin/model/media/"+foreign.String()+"/retry", nil); a.StatusCode != http.StatusConflict {
		t.Errorf("retrying what has not failed: %v", a)
	}
	b.post("/admin/model/retry", nil).want(t, http.StatusSeeOther, "/admin/model")
	page = b.ok("/admin/model")
	if contains(t, page, "0 of 2 photos done, 2 waiting", "About a minute is left", "being tried again"); s.number(one, mine) != 1 {
		t.Error("retrying all did not")
	}
	b.post("/admin/model/missed", nil).want(t, http.StatusSeeOther, "/admin/model")
	b.post("/admin/model/again", nil).want(t, http.StatusSeeOther, "/admin/model")
	if s.number("SELECT count(*) FROM embedding_models WHERE NOT backlog_done AND again_at IS NOT NULL") != 1 {
		t.Error("nothing is done again")
	}

	// A second model is built, used before its time, and the first one removed.
	s.exec("UPDATE embedding_models SET random = false")
	s.says(ready("first", false), ready("second", false))
	s.dispatch()
	second := s.number("SELECT id FROM embedding_models WHERE name = 'second@1'")
	use := "/admin/model/" + strconv.Itoa(second) + "/use"
	contains(t, b.ok("/admin/model"), "Being prepared", `action="`+use+`"`)
	b.post(use, nil).want(t, http.StatusSeeOther, "/admin/model")
	if a := b.post(use, nil); a.StatusCode != http.StatusConflict {
		t.Errorf("using what is used: %v", a)
	}
	for _, id := range []string{"0", "x", "999", "99999999999999"} {
		if a := b.post("/admin/model/"+id+"/use", nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("using model %s: %v", id, a)
		}
	}
	s.says(ready("first", false))
	contains(t, b.ok("/admin/model"), "The model that search uses is not running", `action="/admin/model/prune"`)
	b.post("/admin/model/prune", nil).want(t, http.StatusSeeOther, "/admin/model")
	page = b.ok("/admin/model")
	contains(t, page, "One model is being removed.", "Being removed in the background: first", "second")
	lacks(t, page, "/prune")
	if _, err := s.app.DoChores(t.Context(), app.SystemActor()); err != nil || s.number("SELECT count(*) FROM embedding_models") != 1 {
		t.Errorf("the old model is still there: %v", err)
	}
	lacks(t, b.ok("/admin/model"), "Being removed")

	// Nobody else knows that there is such a page.
	o := s.signedIn("other@example.org")
	if a := o.get("/admin/model"); a.StatusCode != http.StatusNotFound {
		t.Errorf("another's page: %d", a.StatusCode)
	}
	for _, path := range []string{"retry", "missed", "again", "prune", "1/use", "media/" + mine.String() + "/retry"} {
		if a := o.post("/admin/model/"+path, nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("another's POST %s: %d", path, a.StatusCode)
		}
	}
	s.browser().get("/admin/model").want(t, http.StatusSeeOther, "/login?next=%2Fadmin%2Fmodel")
}
