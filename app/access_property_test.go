package app_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// Whatever is granted, changed, moved, transferred and taken away, in whatever
// order: what each actor can list, search, count, open and download is what the
// naive model says.
func TestAccessEqualsTheNaiveModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, seed)
			for n := range 120 {
				p.step()
				if p.changed || n%5 == 4 { // what was refused changes nothing either
					p.compare()
				}
				if t.Failed() {
					t.Log("after", p.did)
					return
				}
			}
			if p.done < 20 {
				t.Errorf("only %d acts were allowed: %v", p.done, p.did)
			}
		})
	}
}

// play is a world and its model, changed in step.
type play struct {
	*world
	r     *rand.Rand
	m     *model
	admin db.User
	did   []string
	done  int // of these, how many were allowed
	// changed says that the last one may have changed something.
	changed bool
}

func newPlay(t *testing.T, seed uint64) *play {
	p := &play{world: newWorld(t, nil), r: rand.New(rand.NewPCG(seed, 1)), m: &model{
		groups: map[uuid.UUID]map[uuid.UUID]bool{}, albums: map[uuid.UUID]*modelAlbum{},
		grants: map[uuid.UUID]modelGrant{}, links: map[uuid.UUID]*modelLink{}, items: map[uuid.UUID]*modelItem{},
	}}
	for i := range 5 {
		p.m.users = append(p.m.users, p.user(fmt.Sprint("user", i)))
	}
	for i := range 2 {
		group := uuid.Must(uuid.NewV7())
		p.exec("INSERT INTO groups (id, name) VALUES ($1, $2)", group, fmt.Sprint("group", i))
		p.m.groups[group] = map[uuid.UUID]bool{}
	}
	p.admin = p.user("site-admin")
	p.exec("UPDATE users SET is_admin = true WHERE id = $1", p.admin.ID)
	p.admin.IsAdmin = true
	for range 3 {
		p.makeAlbum(pick(p.r, p.m.users))
	}
	for range 10 {
		owner := pick(p.r, p.m.users)
		album := pick(p.r, append(keys(p.m.albums), uuid.Nil))
		p.m.items[p.media(owner, album)] = &modelItem{owner: owner.ID, album: album}
	}
	return p
}

// compare asks as everybody.
func (p *play) compare() {
	p.t.Helper()
	for _, s := range p.m.subjects() {
		actor, want := s.actor(p.m), p.m.listed(s)
		if s.user != uuid.Nil {
			p.compareLists(s, actor, want)
		}
		for range 4 {
			item := pick(p.r, keys(p.m.items))
			role := p.m.itemRole(s, item)
			_, err := p.Media(p.t.Context(), actor, item)
			p.expect(s, "open", item, role >= app.RoleViewer, err)
			_, err = p.Original(p.t.Context(), actor, item)
			p.expect(s, "download", item, role >= app.RoleViewer, err)
		}
		for _, album := range keys(p.m.albums) {
			if s.user == uuid.Nil {
				continue
			}
			page, err := p.Timeline(p.t.Context(), actor, app.TimelineQuery{Scope: db.ScopeAll, Filter: app.Filter{Album: album}})
			if err != nil {
				p.t.Fatal(err)
			}
			n := 0
			for id := range want {
				if p.m.items[id].album == album {
					n++
				}
			}
			if len(page.Items) != n {
				p.t.Errorf("%v lists %d items of album %s, want %d", s, len(page.Items), album, n)
			}
		}
	}
	drift, err := p.db.AlbumAccessDrift(p.t.Context())
	if err != nil || len(drift) > 0 {
		p.t.Errorf("the relation drifted: %v, %v", drift, err)
	}
}

func (p *play) compareLists(s subject, actor app.Actor, want map[uuid.UUID]bool) {
	p.t.Helper()
	timeline, err := p.Timeline(p.t.Context(), actor, app.TimelineQuery{Scope: db.ScopeAll})
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := p.Search(p.t.Context(), actor, app.SearchQuery{Q: "photo", Mode: app.SearchText})
	if err != nil {
		p.t.Fatal(err)
	}
	months, err := p.Months(p.t.Context(), actor, db.ScopeAll)
	if err != nil {
		p.t.Fatal(err)
	}
	shared, err := p.HasShared(p.t.Context(), actor)
	if err != nil {
		p.t.Fatal(err)
	}
	others := 0
	for id := range want {
		if p.m.items[id].owner != s.user {
			others++
		}
	}
	if shared != (others > 0) {
		p.t.Errorf("%v: shared items %t, want %d", s, shared, others)
	}
	count := 0
	for _, m := range months {
		count += m.Count
	}
	if len(timeline.Items) != len(want) || len(found.Hits) != len(want) || found.Total != len(want) || count != len(want) {
		p.t.Errorf("%v: timeline %d, search %d of %d, months %d, want %d", s, len(timeline.Items), len(found.Hits), found.Total, count, len(want))
	}
	for _, i := range timeline.Items {
		if !want[i.ID] {
			p.t.Errorf("%v sees %s in the timeline", s, i.ID)
		}
	}
	for _, h := range found.Hits {
		if !want[h.ID] {
			p.t.Errorf("%v finds %s", s, h.ID)
		}
	}
}

func (p *play) expect(s subject, what string, id uuid.UUID, may bool, err error) {
	p.t.Helper()
	if may == (err != nil) || err != nil && app.CodeOf(err) != app.CodeNotFound {
		p.t.Errorf("%v may %s %s: %v, but %v", s, what, id, may, err)
	}
}
