package views_test

import (
	"github.com/a-h/templ"

	"albumen/views/albums"
)

// albumPages is an album whose viewer may do everything.
func (g *gallery) albumPages() map[string]templ.Component {
	return map[string]templ.Component{
		"album-full": albums.AlbumPage(albums.Album{
			Head: albums.Head{
				Page: page("/albums/x"), Title: "Summer at the lake", About: "Two weeks without a telephone.", Facts: []string{"1,204 photos", "2 albums", "private"},
				Tabs: []albums.Tab{{Name: "photos", Label: "Photos", Href: "/albums/x"}, {Name: "members", Label: "Members", Href: "/albums/x/members"}, {Name: "edit", Label: "Edit", Href: "/albums/x/edit"}},
			},
			Days: g.days(0, []int{5, 3}), UploadURL: "/upload", DownloadURL: "/albums/x/download", BelowURL: "/albums/new", SearchURL: "/search",
		}),
	}
}
