package views_test

import (
	"albumen/views/admin"
)

const (
	laion   = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
	laionID = laion + "@3f9c2a7d51e8"
)

func modelPage(processes ...admin.MLProcess) admin.Model {
	return admin.Model{Page: page("/admin/model"), Processes: processes, RetryURL: "/admin/model/retry", Command: "albumen-ml fetch-model"}
}

func modelReady() admin.Model {
	p := modelPage(
		admin.MLProcess{Host: "album-1:4112", State: "Ready with " + laion, OK: true, Device: "cpu avx2 ×8", Rate: "21.4 photos a second", Since: noon},
		admin.MLProcess{Host: "attic:97", State: "Loading " + laion, Busy: true, Since: noon},
	)
	p.MissedURL, p.AgainURL = "/admin/model/missed", "/admin/model/again"
	p.Models = []admin.ModelCard{{Name: laion, ID: laionID, State: "In use", Facts: "512 numbers per photo", Done: 31_207, Total: 48_211,
		Progress: "31,207 of 48,211 photos done, 17,002 waiting, 2 could not be looked at.", Left: "About 14 minutes are left."}}
	p.Failed = []admin.Failure{
		{Filename: "IMG_0077.HEIC", Href: "/media/8", Reason: "The preview of this picture cannot be read. An administrator can have it made anew.", Attempts: 1, At: noon, RetryURL: "/admin/model/media/8/retry"},
		{Filename: "A file of berta@example.org", Reason: "The ml process stopped each time while it looked at this picture.", Attempts: 3, At: noon, RetryURL: "/admin/model/media/9/retry"},
	}
	return p
}

func modelBuilding() admin.Model {
	p := modelReady()
	p.Failed = nil
	p.Models[0].Done, p.Models[0].Progress, p.Models[0].Left = 48_211, "All 48,211 photos are done.", ""
	p.Models = append(p.Models, admin.ModelCard{Name: "tiny", ID: "tiny@0a1b2c3d4e5f", State: "Being built beside the one that search uses", Facts: "64 numbers per photo, random",
		Random: true, Done: 120, Total: 2000, Progress: "Still counting the photos: 120 done, 1,880 waiting so far.", UseURL: "/admin/model/2/use",
		UseNote: "Search switches to it once it has looked at everything. If you switch now, photos that it has not looked at yet are found by words only."})
	p.Retired, p.PruneURL = "openai/clip-vit-base-patch32", "/admin/model/prune"
	return p
}

func modelFetching() admin.Model {
	p := modelPage(admin.MLProcess{Host: "album-1:4112", State: "Downloading " + laion + ": 120 MB of 605 MB", Busy: true, Since: noon, Fetched: 120, FetchTotal: 605})
	p.Problem = &admin.Problem{Text: "The model is being downloaded. Photos are found by words until it is here."}
	return p
}

func modelOffline() admin.Model {
	p := modelPage(admin.MLProcess{Host: "album-1:4112", State: "Has no model yet: " + laion, Since: noon})
	p.Problem = &admin.Problem{Grave: true, Help: true, Said: "Cannot reach https://huggingface.co: lookup huggingface.co: no such host.",
		Text: "The model is not here and cannot be downloaded. Albumen keeps trying; meanwhile photos are found by words."}
	return p
}

func modelNone() admin.Model {
	p := modelPage()
	p.Problem = &admin.Problem{Grave: true, Text: "Search by meaning is off, because no model process is running. Search by words works as always."}
	return p
}
