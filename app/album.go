package app

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"albumen/db"
)

// Longest title of an album, in characters; descriptions are as long as those
// of items.
const maxAlbumTitle = 200

// maxAlbumDepth is how many levels of albums there may be.
const maxAlbumDepth = 16

// Album is an album as lists show it to one actor.
type Album struct {
	db.Album
	OwnerName string
	Category  string // its name; "" in none
	Role      Role   // of the actor
	Items     int    // listed in it, those of albums below not counted
	Albums    int    // right below it
	Cover     *Cover // nil while there is no picture
}

// Cover is the picture that stands for an album.
type Cover struct {
	ID            uuid.UUID
	Width, Height int
	Thumbhash     []byte
	ThumbVersion  int
}

// AlbumName is an album as a step of the way to another.
type AlbumName struct {
	ID    uuid.UUID
	Title string
}

// AlbumDetail is one album with all that its pages show, and what the actor
// may do to it.
type AlbumDetail struct {
	Album
	Above []AlbumName // those above it that the actor may see, from the top
	// What the actor may do now; in the trash nothing but CanRestore and CanDelete.
	CanAdd, CanEdit, CanShare, CanMove, CanTransfer, CanTrash, CanLeave, CanDownload bool
	CanRestore, CanDelete                                                            bool
	CanListMembers                                                                   bool
	// Pending is how much guests have sent that waits to be approved, for those who can.
	Pending int
}

// Album returns one album.
func (a *App) Album(ctx context.Context, actor Actor, id uuid.UUID) (AlbumDetail, error) {
	album, role, err := a.authorizeAlbum(ctx, actor, ViewAlbum, id)
	if err != nil {
		return AlbumDetail{}, err
	}
	cards, err := a.albumCards(ctx, actor, []uuid.UUID{id})
	if err != nil {
		return AlbumDetail{}, err
	}
	if len(cards) == 0 {
		return AlbumDetail{}, NotFound("album") // deleted in between
	}
	d := AlbumDetail{Album: cards[0]}
	above, err := a.db.AlbumsAbove(ctx, db.AlbumsAboveParams{ID: id, Subjects: actor.Subjects()})
	if err != nil {
		return AlbumDetail{}, fmt.Errorf("load the albums above %s: %w", id, err)
	}
	for _, r := range above {
		d.Above = append(d.Above, AlbumName{r.ID, r.Title})
	}
	trashed := album.TrashedAt != nil
	may := func(action Action) bool { return actor.allowOn(action, "album", role, trashed) == nil }
	d.CanDownload = may(DownloadAlbum) && !trashed
	d.CanAdd, d.CanEdit, d.CanShare, d.CanMove = may(AddToAlbum), may(EditAlbum), may(ShareAlbum), may(MoveAlbum)
	d.CanTransfer, d.CanLeave = may(TransferAlbum), may(LeaveAlbum) && role < RoleOwner
	d.CanTrash, d.CanRestore = may(TrashAlbum) && !trashed, may(TrashAlbum) && trashed
	d.CanDelete = may(DeleteAlbum) && trashed
	if may(ListMembers) {
		own, err := a.memberRole(ctx, actor, id)
		if err != nil {
			return AlbumDetail{}, err
		}
		d.CanListMembers = own != ""
	}
	if d.CanEdit {
		pending, err := a.db.CountPendingGuestMedia(ctx, id)
		if err != nil {
			return AlbumDetail{}, fmt.Errorf("count what guests sent: %w", err)
		}
		d.Pending = int(pending)
	}
	return d, nil
}

// albumCards loads albums as lists show them, in the order of ids. The caller
// has decided that the actor may see them.
func (a *App) albumCards(ctx context.Context, actor Actor, ids []uuid.UUID) ([]Album, error) {
	rows, err := a.db.AlbumCards(ctx, db.AlbumCardsParams{Ids: ids, Subjects: actor.Subjects()})
	if err != nil {
		return nil, fmt.Errorf("load %d albums: %w", len(ids), err)
	}
	byID := make(map[uuid.UUID]Album, len(rows))
	for _, r := range rows {
		card := Album{
			Album: r.Album, OwnerName: r.OwnerName, Category: r.Category, Role: roleOf(r.Role),
			Items: int(r.Items), Albums: int(r.Albums),
		}
		if !r.ParentSeen {
			card.ParentID = nil // that there is one is not for the actor to know
		}
		if r.Cover != uuid.Nil {
			card.Cover = &Cover{r.Cover, int(r.CoverWidth), int(r.CoverHeight), r.CoverThumbhash, int(r.CoverVersion)}
		}
		byID[r.Album.ID] = card
	}
	cards := make([]Album, 0, len(rows))
	for _, id := range ids {
		if card, ok := byID[id]; ok {
			cards = append(cards, card)
		}
	}
	return cards, nil
}

// albumText trims what a person wrote and notes in fields what is wrong with it.
func albumText(s *string, field string, limit int, required bool, fields map[string]string) {
	if s == nil {
		return
	}
	*s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(*s, "\x00", ""), "�"))
	switch {
	case required && *s == "":
		fields[field] = "error.field.album_title"
	case utf8.RuneCountInString(*s) > limit:
		fields[field] = "error.field.too_long"
	}
}

// albumChoice notes in fields an order or a visibility that there is not.
func albumChoice(sort *db.AlbumSort, visibility *db.AlbumVisibility, fields map[string]string) {
	if sort != nil {
		switch *sort {
		case db.AlbumSortNewest, db.AlbumSortOldest, db.AlbumSortManual:
		default:
			fields["sort"] = "error.field.album_sort"
		}
	}
	if visibility != nil {
		switch *visibility {
		case db.AlbumVisibilityPrivate, db.AlbumVisibilityMembers, db.AlbumVisibilityPublic:
		default:
			fields["visibility"] = "error.field.album_visibility"
		}
	}
}

// invalidFields is the error for what fields holds, nil for nothing.
func invalidFields(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
}

// mayBePublic refuses to make an album public where the site does not want that.
func (a *App) mayBePublic(ctx context.Context, to, from db.AlbumVisibility) error {
	if to != db.AlbumVisibilityPublic || from == db.AlbumVisibilityPublic {
		return nil
	}
	s, err := a.siteSettings(ctx)
	if err != nil {
		return err
	}
	if !s.PublicAlbums {
		return Invalid("visibility", "error.field.album_public")
	}
	return nil
}

// categoryExists refuses a category that is not on the list.
func categoryExists(ctx context.Context, q *db.Queries, id *uuid.UUID) error {
	if id == nil {
		return nil
	}
	_, err := q.CategoryByID(ctx, *id)
	if db.IsNotFound(err) {
		return Invalid("category_id", "error.field.category")
	}
	if err != nil {
		return fmt.Errorf("load category %s: %w", *id, err)
	}
	return nil
}
