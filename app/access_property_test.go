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
			for range 60 {
				p.step()
				p.compare()
				if t.Failed() {
					t.Log("after", p.did)
					return
				}
			}
		})
	}
}

// play is a world and its model, changed in step.
type play struct {
	*world
	r   *rand.Rand
	m   *model
	did []string
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
	for range 3 {
		p.newAlbum()
	}
	for range 10 {
		owner := pick(p.r, p.m.users)
		album := pick(p.r, append(keys(p.m.albums), uuid.Nil))
		p.m.items[p.media(owner, album)] = &modelItem{owner: owner.ID, album: album}
	}
	return p
}

func (p *play) newAlbum() {
	owner := pick(p.r, p.m.users)
	p.m.albums[p.album(owner, db.AlbumVisibilityPrivate)] = &modelAlbum{owner: owner.ID, visibility: db.AlbumVisibilityPrivate}
}

// step does one random act to both.
func (p *play) step() {
	acts := []func() string{
		p.grantSomething, p.grantSomething, p.revokeGrant, p.changeGroup, p.changeGroup, p.nest, p.show, p.transfer,
		p.trashAlbum, p.makeLink, p.revokeLink, p.moveItem, p.trashItem, p.withhold, p.makeAlbum,
	}
	p.did = append(p.did, pick(p.r, acts)())
}

func (p *play) makeAlbum() string {
	if len(p.m.albums) < 6 {
		p.newAlbum()
	}
	return "album"
}

func (p *play) grantSomething() string {
	album := pick(p.r, keys(p.m.albums))
	to, column := pick(p.r, p.m.users).ID, "user_id"
	if p.r.IntN(3) == 0 {
		to, column = pick(p.r, keys(p.m.groups)), "group_id"
	}
	role := 1 + p.r.IntN(3) // viewer to admin
	for id, g := range p.m.grants {
		if g.album == album && g.to == to {
			p.exec("UPDATE album_grants SET role = $2::text::album_role WHERE id = $1", id, roleNames[role])
			p.m.grants[id] = modelGrant{album, to, app.Role(role)}
			return "regrant"
		}
	}
	id := uuid.Must(uuid.NewV7())
	p.exec("INSERT INTO album_grants (id, album_id, "+column+", role) VALUES ($1, $2, $3, $4::text::album_role)", id, album, to, roleNames[role])
	p.m.grants[id] = modelGrant{album, to, app.Role(role)}
	return "grant"
}

var roleNames = []string{"", "viewer", "contributor", "admin", "owner"}

func (p *play) revokeGrant() string {
	if id := pick(p.r, keys(p.m.grants)); id != uuid.Nil {
		p.exec("DELETE FROM album_grants WHERE id = $1", id)
		delete(p.m.grants, id)
	}
	return "ungrant"
}

func (p *play) changeGroup() string {
	group, user := pick(p.r, keys(p.m.groups)), pick(p.r, p.m.users).ID
	if p.m.groups[group][user] {
		p.exec("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2", group, user)
		delete(p.m.groups[group], user)
		return "leave group"
	}
	p.exec("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)", group, user)
	p.m.groups[group][user] = true
	return "join group"
}

func (p *play) nest() string {
	album, parent := pick(p.r, keys(p.m.albums)), pick(p.r, append(keys(p.m.albums), uuid.Nil))
	if parent != uuid.Nil && p.m.below(parent, album) {
		return "nest in a circle, not done"
	}
	p.exec("UPDATE albums SET parent_id = $2 WHERE id = $1", album, orNull(parent))
	p.m.albums[album].parent = parent
	return "nest"
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func (p *play) show() string {
	album := pick(p.r, keys(p.m.albums))
	v := pick(p.r, []db.AlbumVisibility{db.AlbumVisibilityPrivate, db.AlbumVisibilityMembers, db.AlbumVisibilityPublic})
	p.exec("UPDATE albums SET visibility = $2 WHERE id = $1", album, v)
	p.m.albums[album].visibility = v
	return "show to " + string(v)
}

func (p *play) transfer() string {
	album, to := pick(p.r, keys(p.m.albums)), pick(p.r, p.m.users).ID
	p.exec("UPDATE albums SET owner_id = $2 WHERE id = $1", album, to)
	p.m.albums[album].owner = to
	return "transfer"
}

func (p *play) trashAlbum() string {
	a := pick(p.r, keys(p.m.albums))
	on := !p.m.albums[a].trashed
	p.exec("UPDATE albums SET trashed_at = CASE WHEN $2 THEN now() END WHERE id = $1", a, on)
	p.m.albums[a].trashed = on
	return fmt.Sprint("album in trash ", on)
}

func (p *play) makeLink() string {
	if len(p.m.links) < 4 {
		album := pick(p.r, keys(p.m.albums))
		p.m.links[p.shareLink(album, pick(p.r, p.m.users))] = &modelLink{album: album}
	}
	return "link"
}

func (p *play) revokeLink() string {
	if id := pick(p.r, keys(p.m.links)); id != uuid.Nil {
		p.exec("UPDATE share_links SET revoked_at = now() WHERE id = $1", id)
		p.m.links[id].revoked = true
	}
	return "revoke link"
}

func (p *play) moveItem() string {
	item, album := pick(p.r, keys(p.m.items)), pick(p.r, append(keys(p.m.albums), uuid.Nil))
	p.exec("UPDATE media SET album_id = $2 WHERE id = $1", item, orNull(album))
	p.m.items[item].album = album
	return "move"
}

func (p *play) trashItem() string {
	item := pick(p.r, keys(p.m.items))
	on := !p.m.items[item].trashed
	p.exec("UPDATE media SET trashed_at = CASE WHEN $2 THEN now() END WHERE id = $1", item, on)
	p.m.items[item].trashed = on
	return fmt.Sprint("trash ", on)
}

func (p *play) withhold() string {
	item, why := pick(p.r, keys(p.m.items)), pick(p.r, []string{"", "", "guest", "report"})
	p.exec("UPDATE media SET withheld = nullif($2, '') WHERE id = $1", item, why)
	p.m.items[item].withheld = why
	return "withhold " + why
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
