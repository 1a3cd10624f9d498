package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiAlbumApp is what the albums of the API need.
type apiAlbumApp interface {
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Albums(context.Context, app.Actor, app.AlbumsQuery) (app.AlbumPage, error)
	AlbumItems(context.Context, app.Actor, uuid.UUID, app.AlbumItemsQuery) (app.ItemPage, error)
	TrashedAlbums(context.Context, app.Actor) ([]app.Album, error)
	CreateAlbum(context.Context, app.Actor, app.NewAlbum) (app.Album, error)
	EditAlbum(context.Context, app.Actor, uuid.UUID, app.AlbumEdit) error
	MoveAlbum(context.Context, app.Actor, uuid.UUID, *uuid.UUID) error
	ArrangeAlbum(context.Context, app.Actor, uuid.UUID, app.Arrange) error
	TrashAlbum(context.Context, app.Actor, uuid.UUID) error
	RestoreAlbum(context.Context, app.Actor, uuid.UUID) error
	DeleteAlbum(context.Context, app.Actor, uuid.UUID) error
	Record(context.Context, app.Actor, uuid.UUID) (app.Record, error)
	Records(context.Context, app.Actor, []uuid.UUID) ([]app.Record, error)
	RemoveFromAlbum(context.Context, app.Actor, uuid.UUID) (app.Receipt, error)
}

type apiAlbums struct {
	*apiServer
	app apiAlbumApp
}

type apiAlbum struct {
	ID          uuid.UUID  `json:"id"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Owner       apiOwner   `json:"owner"`
	ParentID    *uuid.UUID `json:"parent_id" doc:"the album in which it lies, where you may see that one"`
	CategoryID  *uuid.UUID `json:"category_id"`
	Category    *string    `json:"category"`
	Visibility  string     `json:"visibility" enum:"private,members,public"`
	Sort        string     `json:"sort" enum:"newest,oldest,manual"`
	CoverID     *uuid.UUID `json:"cover_id" doc:"the item that stands for it: the chosen one, or the newest"`
	Role        string     `json:"role" enum:"viewer,contributor,admin,owner" doc:"yours"`
	Items       int        `json:"items" doc:"photos and videos in it, without those of albums inside"`
	Albums      int        `json:"albums" doc:"right inside it"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	TrashedAt   *time.Time `json:"trashed_at"`
	Version     int32      `json:"version" doc:"grows with every edit; send it back to be told of edits in between"`
}

// roleNames are the roles as people and programs know them.
var roleNames = map[app.Role]string{
	app.RoleViewer: "viewer", app.RoleContributor: "contributor", app.RoleAdmin: "admin", app.RoleOwner: "owner",
}

func apiAlbumOf(a app.Album) apiAlbum {
	out := apiAlbum{
		ID: a.ID, Title: a.Title, Description: a.Description, Owner: apiOwner{a.OwnerID, a.OwnerName}, ParentID: a.ParentID,
		CategoryID: a.CategoryID, Category: some(a.Category), Visibility: string(a.Visibility), Sort: string(a.Sort),
		Role: roleNames[a.Role], Items: a.Items, Albums: a.Albums, CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(),
		TrashedAt: a.TrashedAt, Version: a.RowVersion,
	}
	if a.Cover != nil {
		out.CoverID = &a.Cover.ID
	}
	return out
}

type apiAlbumsQuery struct {
	Scope      string `query:"scope" enum:"mine,shared,open" doc:"one's own, those of which one is a member, those open to all; absent: all"`
	ParentID   string `query:"parent_id" format:"uuid" doc:"only those right inside this one"`
	CategoryID string `query:"category_id" format:"uuid"`
	Trashed    bool   `query:"trashed" doc:"your own in the trash instead; what was thrown away together is one"`
	Limit      int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor     string `query:"cursor" maxLength:"2000"`
}

type apiNewAlbum struct {
	Body struct {
		Description *string   `json:"description,omitempty"`
		CategoryID  apiSentID `json:"category_id,omitempty" doc:"null: none"`
		ParentID    apiSentID `json:"parent_id,omitempty" doc:"an album that you administer; null: at the top"`
		Visibility  *string   `json:"visibility,omitempty" enum:"private,members,public" doc:"needs the scope share"`
		Sort        *string   `json:"sort,omitempty" enum:"newest,oldest,manual"`
		Title       string    `json:"title" minLength:"1" maxLength:"200"`
	}
}

type apiAlbumPatch struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Title       *string   `json:"title,omitempty" maxLength:"200"`
		Description *string   `json:"description,omitempty"`
		CategoryID  apiSentID `json:"category_id,omitempty" doc:"null: none"`
		ParentID    apiSentID `json:"parent_id,omitempty" doc:"an album that you administer; null: at the top"`
		Visibility  *string   `json:"visibility,omitempty" enum:"private,members,public" doc:"needs the scope share"`
		Sort        *string   `json:"sort,omitempty" enum:"newest,oldest,manual"`
		Version     int       `json:"version,omitempty" minimum:"1" doc:"the version that you saw: 409 when it has changed since; absent: no check"`
		CoverID     apiSentID `json:"cover_id,omitempty" doc:"an item of this album; null: the newest"`
	}
}

type apiAlbumDelete struct {
	ID        uuid.UUID `path:"id"`
	Permanent bool      `query:"permanent" doc:"delete for ever what lies in the trash; photos stay their owners'"`
}

type apiAlbumItems struct {
	ID     uuid.UUID `path:"id"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor string    `query:"cursor" maxLength:"200"`
}

type apiAlbumItem struct {
	ID      uuid.UUID `path:"id"`
	MediaID uuid.UUID `path:"media_id"`
}

type apiArrange struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		MediaID uuid.UUID  `json:"media_id" format:"uuid"`
		Before  *uuid.UUID `json:"before,omitempty" format:"uuid" doc:"the item that is to follow; absent: see step"`
		Step    string     `json:"step,omitempty" enum:"earlier,later,first,last"`
	}
}

func (h apiAlbums) register() {
	const tag = "albums"
	register(h.apiServer, operation(http.MethodGet, "/albums", "list-albums", tag, "List the albums that one may see, by title", 401, 403, 422), h.list)
	create := operation(http.MethodPost, "/albums", "create-album", tag, "Make an album", 401, 403, 404, 422)
	create.DefaultStatus = http.StatusCreated
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodGet, "/albums/{id}", "get-album", tag, "One album", 401, 403, 404), h.get)
	register(h.apiServer, operation(http.MethodPatch, "/albums/{id}", "edit-album", tag, "Change what is given, leave the rest", 401, 403, 404, 409, 422), h.patch)
	register(h.apiServer, operation(http.MethodDelete, "/albums/{id}", "delete-album", tag, "Move to the trash with the albums inside, or delete for ever from there", 401, 403, 404, 409), h.remove)
	register(h.apiServer, operation(http.MethodPost, "/albums/{id}/restore", "restore-album", tag, "Take out of the trash, with what went there with it", 401, 403, 404), h.restore)
	register(h.apiServer, operation(http.MethodGet, "/albums/{id}/media", "list-album-media", tag, "The photos and videos of an album, in its order", 401, 403, 404, 422), h.items)
	register(h.apiServer, operation(http.MethodDelete, "/albums/{id}/media/{media_id}", "remove-album-media", tag, "Take an item out of an album; it stays its owner's", 401, 403, 404, 409), h.take)
	register(h.apiServer, operation(http.MethodPost, "/albums/{id}/order", "arrange-album", tag, "Move an item within an album that is ordered by hand", 401, 403, 404, 409, 422), h.arrange)
}

func (h apiAlbums) list(ctx context.Context, actor app.Actor, in *apiAlbumsQuery) (*apiBody[apiList[apiAlbum]], error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	out := apiList[apiAlbum]{Items: []apiAlbum{}}
	var list []app.Album
	if in.Trashed {
		var err error
		if list, err = h.app.TrashedAlbums(ctx, actor); err != nil {
			return nil, err
		}
	} else {
		q := app.AlbumsQuery{Scope: app.AlbumScope(in.Scope), Cursor: in.Cursor, Limit: in.Limit}
		var err error
		if q.Parent, err = optionalID("parent_id", in.ParentID); err != nil {
			return nil, err
		}
		if q.Category, err = optionalID("category_id", in.CategoryID); err != nil {
			return nil, err
		}
		page, err := h.app.Albums(ctx, actor, q)
		if err != nil {
			return nil, err
		}
		list, out.Next = page.Albums, page.Next
	}
	for _, a := range list {
		out.Items = append(out.Items, apiAlbumOf(a))
	}
	return &apiBody[apiList[apiAlbum]]{out}, nil
}

// signedIn refuses requests without a token before anything else is looked at.
func signedIn(actor app.Actor) error {
	if !actor.SignedIn() {
		return app.Unauthenticated()
	}
	return nil
}

func (h apiAlbums) create(ctx context.Context, actor app.Actor, in *apiNewAlbum) (*apiBody[apiAlbum], error) {
	b := in.Body
	n := app.NewAlbum{Title: b.Title, CategoryID: b.CategoryID.ID, ParentID: b.ParentID.ID}
	if b.Description != nil {
		n.Description = *b.Description
	}
	if b.Visibility != nil {
		n.Visibility = db.AlbumVisibility(*b.Visibility)
	}
	if b.Sort != nil {
		n.Sort = db.AlbumSort(*b.Sort)
	}
	made, err := h.app.CreateAlbum(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiAlbum]{apiAlbumOf(made)}, nil
}

func (h apiAlbums) get(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiAlbum], error) {
	return h.album(ctx, actor, in.ID)
}

func (h apiAlbums) album(ctx context.Context, actor app.Actor, id uuid.UUID) (*apiBody[apiAlbum], error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	d, err := h.app.Album(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiAlbum]{apiAlbumOf(d.Album)}, nil
}

func (h apiAlbums) patch(ctx context.Context, actor app.Actor, in *apiAlbumPatch) (*apiBody[apiAlbum], error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	b := in.Body
	e := app.AlbumEdit{
		Version: b.Version, Title: b.Title, Description: b.Description, CategoryID: b.CategoryID.orZero(), CoverID: b.CoverID.orZero(),
	}
	if b.Sort != nil {
		sort := db.AlbumSort(*b.Sort)
		e.Sort = &sort
	}
	if b.Visibility != nil {
		visibility := db.AlbumVisibility(*b.Visibility)
		e.Visibility = &visibility
	}
	if err := h.app.EditAlbum(ctx, actor, in.ID, e); err != nil {
		return nil, err
	}
	if b.ParentID.Sent { // after the version has been compared
		if err := h.app.MoveAlbum(ctx, actor, in.ID, b.ParentID.ID); err != nil {
			return nil, err
		}
	}
	return h.album(ctx, actor, in.ID)
}

func (h apiAlbums) remove(ctx context.Context, actor app.Actor, in *apiAlbumDelete) (*struct{}, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	if in.Permanent {
		return nil, h.app.DeleteAlbum(ctx, actor, in.ID)
	}
	return nil, h.app.TrashAlbum(ctx, actor, in.ID)
}

func (h apiAlbums) restore(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiAlbum], error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	if err := h.app.RestoreAlbum(ctx, actor, in.ID); err != nil {
		return nil, err
	}
	return h.album(ctx, actor, in.ID)
}

func (h apiAlbums) items(ctx context.Context, actor app.Actor, in *apiAlbumItems) (*apiBody[apiList[apiMedia]], error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	page, err := h.app.AlbumItems(ctx, actor, in.ID, app.AlbumItemsQuery{Before: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, item := range page.Items {
		ids[i] = item.ID
	}
	records, err := h.app.Records(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiList[apiMedia]]{apiList[apiMedia]{mediaList(records), page.Next}}, nil
}

// take takes an item out of the album of the address, and of no other.
func (h apiAlbums) take(ctx context.Context, actor app.Actor, in *apiAlbumItem) (*struct{}, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	r, err := h.app.Record(ctx, actor, in.MediaID)
	if err == nil && (r.AlbumID == nil || *r.AlbumID != in.ID) {
		err = app.NotFound("photo")
	}
	if err != nil {
		return nil, err
	}
	_, err = h.app.RemoveFromAlbum(ctx, actor, in.MediaID)
	return nil, err
}

func (h apiAlbums) arrange(ctx context.Context, actor app.Actor, in *apiArrange) (*struct{}, error) {
	if err := signedIn(actor); err != nil {
		return nil, err
	}
	r := app.Arrange{Item: in.Body.MediaID, Step: app.Step(in.Body.Step)}
	if in.Body.Before != nil {
		r.Step, r.Before = app.StepBefore, *in.Body.Before
	}
	return nil, h.app.ArrangeAlbum(ctx, actor, in.ID, r)
}
