package app_test

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// step has somebody try one random act. That it succeeds exactly where the rules in
// words say so is part of the test.
func (p *play) step() {
	acts := []func(db.User) (string, bool, error){
		p.share, p.share, p.share, p.unshare, p.leave, p.nest, p.show, p.transfer, p.trashAlbum,
		p.moveItem, p.moveItem, p.takeOut, p.trashItem, p.changeGroup, p.changeGroup,
	}
	p.changed = true
	switch p.r.IntN(10) {
	case 0:
		p.did = append(p.did, p.makeLink())
	case 1:
		p.did = append(p.did, p.revokeLink())
	case 2:
		p.did = append(p.did, p.withhold())
	case 3:
		if len(p.m.albums) < 6 {
			p.makeAlbum(pick(p.r, p.m.users))
			p.did = append(p.did, "album")
		}
	default:
		who := pick(p.r, p.m.users)
		act, may, err := pick(p.r, acts)(who)
		p.did = append(p.did, fmt.Sprintf("%s: %s %t", who.Name, act, may))
		if may {
			p.done++
		}
		p.changed = may
		if may != (err == nil) {
			p.t.Errorf("%s may %s: %t, but %v", who.Name, act, may, err)
		}
	}
}

func (p *play) makeAlbum(owner db.User) {
	a, err := p.CreateAlbum(p.t.Context(), app.UserActor(owner), app.NewAlbum{Title: fmt.Sprint("Album ", len(p.m.albums))})
	if err != nil {
		p.t.Fatal(err)
	}
	p.m.albums[a.ID] = &modelAlbum{owner: owner.ID, visibility: db.AlbumVisibilityPrivate}
}

// role is what the model says that the person is on the album; in the trash it is the
// owner's alone.
func (p *play) role(who db.User, album uuid.UUID) app.Role {
	return p.m.albumRole(subject{user: who.ID}, album)
}

// manages says whether the person may share and edit the album.
func (p *play) manages(who db.User, album uuid.UUID) bool {
	return p.role(who, album) >= app.RoleAdmin && !p.m.albums[album].trashed
}

// albumFor is an album, more often than not one that the person manages.
func (p *play) albumFor(who db.User) uuid.UUID {
	all := keys(p.m.albums)
	if p.r.IntN(4) > 0 {
		if own := slices.DeleteFunc(slices.Clone(all), func(a uuid.UUID) bool { return !p.manages(who, a) }); len(own) > 0 {
			return pick(p.r, own)
		}
	}
	return pick(p.r, all)
}

// itemFor is an item, more often than not one's own.
func (p *play) itemFor(who db.User) uuid.UUID {
	all := keys(p.m.items)
	if p.r.IntN(4) > 0 {
		if own := slices.DeleteFunc(slices.Clone(all), func(i uuid.UUID) bool { return p.m.items[i].owner != who.ID }); len(own) > 0 {
			return pick(p.r, own)
		}
	}
	return pick(p.r, all)
}

var grantable = []db.AlbumRole{"", db.AlbumRoleViewer, db.AlbumRoleContributor, db.AlbumRoleAdmin}

// share grants to a person or a group, or changes what they were granted.
func (p *play) share(who db.User) (string, bool, error) {
	ctx, actor, album := p.t.Context(), app.UserActor(who), p.albumFor(who)
	to := pick(p.r, p.m.users)
	group := uuid.Nil
	if p.r.IntN(3) == 0 {
		group = pick(p.r, keys(p.m.groups))
		to.ID = group
	}
	role := app.Role(1 + p.r.IntN(3)) // viewer to admin
	for id, g := range p.m.grants {
		if g.album == album && g.to == to.ID {
			raises := to.ID == who.ID && role > g.role
			may := p.manages(who, album) && !raises
			err := p.SetMemberRole(ctx, actor, album, id, grantable[role])
			if may {
				p.m.grants[id] = modelGrant{album, to.ID, role}
			}
			return fmt.Sprint("change a member to ", grantable[role]), may, err
		}
	}
	may := p.manages(who, album)
	n := app.NewMember{Role: grantable[role], GroupID: group}
	if group == uuid.Nil {
		n.Email = to.Email
		may = may && to.ID != who.ID && to.ID != p.m.albums[album].owner
	} else {
		may = may && p.m.groups[group][who.ID]
	}
	err := p.AddMember(ctx, actor, album, n)
	if err == nil {
		var id uuid.UUID
		err := p.db.QueryRow(ctx, "SELECT id FROM album_grants WHERE album_id = $1 AND $2 IN (user_id, group_id)", album, to.ID).Scan(&id)
		if db.IsNotFound(err) { // invited, since the address is not known to who adds
			err = p.db.QueryRow(ctx, "SELECT id FROM invitations WHERE album_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL", album, n.Email).Scan(&id)
			if err != nil {
				p.t.Fatal("neither added nor invited: ", err)
			}
			return fmt.Sprint("invite a member as ", n.Role), may, nil
		}
		if err != nil {
			p.t.Fatal(err)
		}
		p.m.grants[id] = modelGrant{album, to.ID, role}
	}
	return fmt.Sprint("add a member as ", n.Role), may, err
}

func (p *play) unshare(who db.User) (string, bool, error) {
	id := pick(p.r, keys(p.m.grants))
	g, ok := p.m.grants[id]
	if !ok {
		_, err := p.RemoveMember(p.t.Context(), app.UserActor(who), pick(p.r, keys(p.m.albums)), uuid.New(), false)
		return "remove nobody", false, err
	}
	may := p.manages(who, g.album)
	_, err := p.RemoveMember(p.t.Context(), app.UserActor(who), g.album, id, false)
	if may {
		delete(p.m.grants, id)
	}
	return "remove a member", may, err
}

func (p *play) leave(who db.User) (string, bool, error) {
	album, may := pick(p.r, keys(p.m.albums)), false
	for id, g := range p.m.grants {
		if g.album == album && g.to == who.ID && !p.m.albums[album].trashed {
			may = true
			delete(p.m.grants, id)
		}
	}
	_, err := p.LeaveAlbum(p.t.Context(), app.UserActor(who), album, false)
	return "leave", may, err
}

func (p *play) changeGroup(who db.User) (string, bool, error) {
	if p.r.IntN(4) > 0 {
		who = p.admin
	}
	ctx, group, user := p.t.Context(), pick(p.r, keys(p.m.groups)), pick(p.r, p.m.users).ID
	if p.m.groups[group][user] {
		err := p.RemoveGroupMember(ctx, app.UserActor(who), group, user)
		if who.IsAdmin {
			delete(p.m.groups[group], user)
		}
		return "take out of a group", who.IsAdmin, err
	}
	err := p.AddGroupMember(ctx, app.UserActor(who), group, user)
	if who.IsAdmin {
		p.m.groups[group][user] = true
	}
	return "put into a group", who.IsAdmin, err
}

func (p *play) nest(who db.User) (string, bool, error) {
	album, parent := p.albumFor(who), pick(p.r, append(keys(p.m.albums), uuid.Nil))
	a := p.m.albums[album]
	may := a.owner == who.ID && !a.trashed
	if parent != uuid.Nil && parent != a.parent {
		may = may && p.manages(who, parent) && !p.m.below(parent, album)
	}
	err := p.MoveAlbum(p.t.Context(), app.UserActor(who), album, orNull(parent))
	if may {
		a.parent = parent
	}
	return "nest", may, err
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func (p *play) show(who db.User) (string, bool, error) {
	album := p.albumFor(who)
	v := pick(p.r, []db.AlbumVisibility{db.AlbumVisibilityPrivate, db.AlbumVisibilityMembers, db.AlbumVisibilityPublic})
	may := p.manages(who, album)
	err := p.EditAlbum(p.t.Context(), app.UserActor(who), album, app.AlbumEdit{Visibility: &v})
	if may {
		p.m.albums[album].visibility = v
	}
	return "show to " + string(v), may, err
}

// transfer takes an admin, who becomes the owner, while the owner becomes an admin.
func (p *play) transfer(who db.User) (string, bool, error) {
	album, to := p.albumFor(who), pick(p.r, p.m.users)
	a := p.m.albums[album]
	may := a.owner == who.ID && !a.trashed && p.role(to, album) == app.RoleAdmin
	err := p.TransferAlbum(p.t.Context(), app.UserActor(who), album, to.ID)
	if may && err == nil {
		for id, g := range p.m.grants {
			if g.album == album && (g.to == to.ID || g.to == who.ID) {
				delete(p.m.grants, id)
			}
		}
		p.m.grants[p.grantOf(album, who.ID)] = modelGrant{album, who.ID, app.RoleAdmin}
		a.owner = to.ID
	}
	return "transfer", may, err
}

// trashAlbum throws an album away with all below it, or brings back what went with it.
func (p *play) trashAlbum(who db.User) (string, bool, error) {
	id := pick(p.r, keys(p.m.albums))
	a := p.m.albums[id]
	may := a.owner == who.ID
	if !a.trashed {
		err := p.TrashAlbum(p.t.Context(), app.UserActor(who), id)
		for other, o := range p.m.albums {
			if may && p.m.below(other, id) && !o.trashed {
				o.trashed, o.trash = true, id
			}
		}
		return "throw an album away", may, err
	}
	err := p.RestoreAlbum(p.t.Context(), app.UserActor(who), id)
	if may {
		if a.parent != uuid.Nil && p.m.albums[a.parent].trashed {
			a.parent = uuid.Nil
		}
		with := a.trash
		for other, o := range p.m.albums {
			if o.trashed && p.m.below(other, id) && (other == id || o.trash == with) {
				o.trashed = false
			}
		}
	}
	return "bring an album back", may, err
}

func (p *play) moveItem(who db.User) (string, bool, error) {
	item, album := p.itemFor(who), pick(p.r, append(keys(p.m.albums), uuid.Nil))
	i := p.m.items[item]
	may := i.owner == who.ID && !i.trashed
	if album != uuid.Nil {
		may = may && p.role(who, album) >= app.RoleContributor && !p.m.albums[album].trashed
	}
	_, err := p.MoveMedia(p.t.Context(), app.UserActor(who), item, orNull(album))
	if may {
		i.moveTo(album)
	}
	return "move an item", may, err
}

// takeOut removes an item from its album, which its admins may as well as the item's owner.
func (p *play) takeOut(who db.User) (string, bool, error) {
	item := pick(p.r, keys(p.m.items))
	i := p.m.items[item]
	may := p.m.itemRole(subject{user: who.ID}, item) >= app.RoleAdmin && !i.trashed
	_, err := p.RemoveFromAlbum(p.t.Context(), app.UserActor(who), item)
	if may {
		i.moveTo(uuid.Nil)
	}
	return "take out of the album", may, err
}

func (p *play) trashItem(who db.User) (string, bool, error) {
	item := p.itemFor(who)
	i := p.m.items[item]
	act, what := p.TrashMedia, "throw away"
	if i.trashed {
		act, what = p.RestoreMedia, "bring back"
	}
	_, err := act(p.t.Context(), app.UserActor(who), item)
	if i.owner == who.ID {
		i.trashed = !i.trashed
	}
	return what, i.owner == who.ID, err
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

func (p *play) withhold() string {
	item, why := pick(p.r, keys(p.m.items)), pick(p.r, []string{"", "", "guest", "report"})
	p.exec("UPDATE media SET withheld = nullif($2, '') WHERE id = $1", item, why)
	p.m.items[item].withheld = why
	return "withhold " + why
}
