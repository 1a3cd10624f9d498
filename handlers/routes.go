package handlers

import (
	"github.com/labstack/echo/v4"

	"albumen/app"
)

// streamed lists the routes whose bodies are read as they come, without the
// size limit and deadline of forms; each sets limits of its own.
var streamed = map[string]bool{
	"POST /upload":             true,
	"POST " + avatarPath:       true,
	"POST " + tusPath:          true,
	"PATCH " + tusPath + ":id": true,
	"POST /api/v1/media":       true,
	"POST /s/:token/upload":    true,
}

// routes is the one page with every address, grouped as a reader would look
// for them.
func (s *Server) routes(d Deps) {
	e := s.echo

	// The process
	s.get("/healthz", s.alive)
	s.get("/readyz", s.ready.handle)

	// Files of the browser
	s.get("/static/*", serveStatic)
	s.get("/favicon.ico", favicon)
	s.get("/robots.txt", robots)

	// Coming in
	entry := entryHandlers{s, d.App}
	s.get("/", entry.root)
	s.get("/login", entry.form)
	e.POST("/login", entry.submit)
	step := stepHandlers{s, d.App}
	s.get(stepPath, step.form)
	e.POST(stepPath, step.submit)
	passkeyEntry := passkeyEntryHandlers{s, d.App}
	e.POST(passkeyEnterPath+"/begin", passkeyEntry.begin)
	e.POST(passkeyEnterPath, passkeyEntry.enter)
	e.POST(passkeyStepPath+"/begin", passkeyEntry.beginStep)
	e.POST(passkeyStepPath, passkeyEntry.finishStep)
	identity := identityHandlers{s, d.App}
	s.get(oidcPath, identity.begin)
	s.get(OIDCBackPath, identity.back)
	e.POST("/logout", entry.logout)
	signUp := signUpHandlers{s, d.App}
	s.get("/signup", signUp.form)
	e.POST("/signup", signUp.submit)
	s.get("/verify", signUp.askForm)
	e.POST("/verify", signUp.askAgain)
	s.get("/verify/:token", signUp.confirmForm)
	e.POST("/verify/:token", signUp.confirmed)
	reset := resetHandlers{s, d.App}
	s.get("/reset", reset.askForm)
	e.POST("/reset", reset.submit)
	s.get("/reset/:token", reset.newForm)
	e.POST("/reset/:token", reset.reset)
	change := accountChangeHandlers{s, d.App}
	s.get("/email/:token", change.linkForm(app.LinkEmail))
	e.POST("/email/:token", change.confirmEmail)
	s.get("/email-back/:token", change.linkForm(app.LinkRevert))
	e.POST("/email-back/:token", change.revertEmail)
	setup := setupHandlers{s, d.App}
	s.get("/setup", setup.form)
	e.POST("/setup", setup.submit)

	// Photos
	timeline := timelineHandlers{s, d.App}
	s.get("/timeline", timeline.show)
	s.get("/timeline/items", timeline.items)
	item := mediaHandlers{s, d.App}
	s.get("/media/:id", item.show)
	edit := editHandlers{s, d.App}
	s.get("/media/:id/edit", edit.form)
	e.POST("/media/:id/edit", edit.submit)
	favourites := favouriteHandlers{s, d.App}
	s.get("/favourites", favourites.list)
	e.POST("/media/:id/favourite", favourites.set)
	trash := trashHandlers{s, d.App}
	s.get("/trash", trash.list)
	e.POST("/trash/empty", trash.empty)
	e.POST("/media/:id/trash", trash.trash)
	e.POST("/media/:id/restore", trash.restore)
	e.POST("/media/:id/delete", trash.remove)
	e.POST("/undo/:operation", undoHandlers{s, d.App}.undo)
	search := searchHandlers{s, d.App}
	s.get("/search", search.show)

	// Albums
	album := albumHandlers{s, d.App}
	s.get("/albums", album.list)
	s.get("/albums/:id", album.show)
	archive := zipHandlers{s, d.App}
	s.get("/albums/:id/download", archive.album)
	albumForm := albumFormHandlers{s, d.App}
	s.get("/albums/new", albumForm.newForm)
	e.POST("/albums/new", albumForm.create)
	s.get("/albums/:id/edit", albumForm.editForm)
	e.POST("/albums/:id/edit", albumForm.edit)
	albumAct := albumActHandlers{albumForm, d.App}
	s.get("/albums/trash", albumAct.trashed)
	e.POST("/albums/:id/move", albumAct.move)
	e.POST("/albums/:id/trash", albumAct.trash)
	e.POST("/albums/:id/restore", albumAct.restore)
	e.POST("/albums/:id/delete", albumAct.remove)
	arrange := arrangeHandlers{s, d.App}
	s.get("/albums/:id/arrange", arrange.show)
	e.POST("/albums/:id/arrange", arrange.move)
	home := homeHandlers{s, d.App}
	s.get("/media/:id/album", home.choose)
	e.POST("/media/:id/album", home.put)
	e.POST("/media/:id/album/remove", home.remove)
	category := categoryHandlers{s, d.App}
	s.get("/categories", category.list)
	e.POST("/categories", category.create)
	e.POST("/categories/:id", category.rename)
	e.POST("/categories/:id/delete", category.remove)
	member := memberHandlers{s, d.App}
	s.get("/albums/:id/members", member.list)
	e.POST("/albums/:id/members", member.add)
	e.POST("/albums/:id/members/:grant", member.setRole)
	e.POST("/albums/:id/members/:grant/remove", member.remove)
	e.POST("/albums/:id/leave", member.leave)
	e.POST("/albums/:id/transfer", member.transfer)

	reported := reportsOfPhotos(s, d.App)
	s.get("/media/:id/report", reported.form)
	e.POST("/media/:id/report", reported.submit)

	// The bytes
	bytes := bytesHandlers{s, d.App}
	s.get("/media/:id/thumb", bytes.thumb)
	s.get("/media/:id/preview", bytes.preview)
	s.get("/media/:id/original", bytes.original)
	s.get("/media/:id/video", bytes.video)

	// Share links: the album, to whoever holds the link
	share := shareHandlers{s, d.App}
	s.get("/s/:token", share.guard(share.album))
	e.POST("/s/:token", share.unlock)
	s.get("/s/:token/albums/:id", share.guard(share.below))
	s.get("/s/:token/albums/:id/download", share.guard(share.archiveBelow))
	s.get("/s/:token/download", share.guard(share.archive))
	s.get("/s/:token/media/:id", share.guard(share.media))
	reportedByLink := reportHandlers{s, d.App, shareBase, share.sharePage}
	s.get("/s/:token/media/:id/report", share.guard(reportedByLink.form))
	e.POST("/s/:token/media/:id/report", share.guard(reportedByLink.submit))
	s.get("/s/:token/media/:id/thumb", share.guard(bytes.thumb))
	s.get("/s/:token/media/:id/preview", share.guard(bytes.preview))
	s.get("/s/:token/media/:id/original", share.guard(bytes.original))
	s.get("/s/:token/media/:id/video", share.guard(bytes.video))
	s.get("/s/:token/upload", share.guard(share.uploadForm))
	e.POST("/s/:token/upload", share.guard(share.upload))

	// Share links: those who share the album
	links := linkHandlers{s, d.App}
	s.get("/albums/:id/links", links.list)
	e.POST("/albums/:id/links", links.create)
	s.get("/albums/:id/links/:link", links.form)
	e.POST("/albums/:id/links/:link", links.edit)
	e.POST("/albums/:id/links/:link/rotate", links.rotate)
	e.POST("/albums/:id/links/:link/revoke", links.revoke)
	s.get("/albums/:id/links/:link/qr", links.qr)
	pending := pendingHandlers{s, d.App}
	s.get("/albums/:id/pending", pending.list)
	e.POST("/albums/:id/pending", pending.decide)

	// What everybody may read about the site
	policy := policyHandlers{s, d.App}
	for _, name := range app.PolicyNames() {
		s.get("/"+name, policy.show(name))
	}
	accept := acceptHandlers{s, d.App}
	s.get(acceptPath, accept.form)
	e.POST(acceptPath, accept.accept)
	contact := contactHandlers{s, d.App}
	s.get(contactPath, contact.form)
	e.POST(contactPath, contact.submit)

	// Help
	s.get("/help/keys", s.helpKeys)

	// Live updates
	e.GET("/events", eventHandlers{s, d.App, d.Live}.stream)

	// The site
	admin := adminHandlers{s, d.App, d.Queue, d.Version}
	s.get("/admin", admin.status)
	e.POST("/admin/retry", admin.retryAll)
	e.POST("/admin/media/:id/retry", admin.retry)
	users := userHandlers{s, d.App}
	s.get(usersPath, users.list)
	e.POST(usersPath, users.create)
	s.get(usersPath+"/new", users.newForm)
	s.get(usersPath+"/:id", users.show)
	e.POST(usersPath+"/:id/suspend", users.suspend)
	e.POST(usersPath+"/:id/admin", users.admin)
	e.POST(usersPath+"/:id/quota", users.quota)
	e.POST(usersPath+"/:id/password", users.password)
	e.POST(usersPath+"/:id/factor", users.factor)
	e.POST(usersPath+"/:id/delete", users.remove)
	groups := groupHandlers{s, d.App}
	s.get(groupsPath, groups.list)
	e.POST(groupsPath, groups.create)
	s.get(groupsPath+"/:id", groups.show)
	e.POST(groupsPath+"/:id/name", groups.rename)
	e.POST(groupsPath+"/:id/delete", groups.remove)
	e.POST(groupsPath+"/:id/members", groups.addMember)
	e.POST(groupsPath+"/:id/members/remove", groups.removeMember)
	model := modelHandlers{s, d.App}
	s.get("/admin/model", model.show)
	e.POST("/admin/model/retry", model.retry)
	e.POST("/admin/model/missed", model.missed)
	e.POST("/admin/model/again", model.again)
	e.POST("/admin/model/prune", model.prune)
	e.POST("/admin/model/:id/use", model.use)
	e.POST("/admin/model/media/:id/retry", model.retryOne)

	audit := auditHandlers{s, d.App}
	s.get(auditPath, audit.list)
	e.GET(auditPath+"/export", audit.export)

	queue := reportQueueHandlers{s, d.App}
	s.get(reportsPath, queue.list)
	s.get(reportsPath+"/:id", queue.show)
	s.get(reportsPath+"/:id/preview", queue.preview)
	s.get(reportsPath+"/:id/original", queue.original)
	e.POST(reportsPath+"/:id/hide", queue.hide)
	e.POST(reportsPath+"/:id/restore", queue.restore)
	e.POST(reportsPath+"/:id/dismiss", queue.dismiss)
	e.POST(reportsPath+"/:id/delete", queue.remove)
	policies := policyEditHandlers{s, d.App}
	s.get(policiesPath, policies.list)
	s.get(policiesPath+"/:name", policies.form)
	e.POST(policiesPath+"/:name", policies.submit)
	s.get(policiesPath+"/:name/:version", policies.version)
	messages := messageHandlers{s, d.App}
	s.get(messagesPath, messages.list)
	e.POST(messagesPath+"/:id/answered", messages.answered)
	e.POST(messagesPath+"/:id/open", messages.reopen)
	e.POST(messagesPath+"/:id/delete", messages.remove)
	siteSettings := siteSettingsHandlers{s, d.App}
	s.get(siteSettingsPath, siteSettings.form)
	e.POST(siteSettingsPath, siteSettings.submit)
	mails := mailHandlers{s, d.App}
	s.get("/admin/mail", mails.list)
	e.POST("/admin/mail/test", mails.test)
	e.POST("/admin/mail/:id/retry", mails.retry)
	e.POST("/admin/mail/:id/discard", mails.discard)
	s.get("/admin/mail/outbox/:name", mails.outbox)
	mailTexts := mailTextHandlers{s, d.App}
	s.get("/admin/mail/templates", mailTexts.list)
	s.get("/admin/mail/templates/:name/:lang", mailTexts.form)
	e.POST("/admin/mail/templates/:name/:lang", mailTexts.submit)
	e.POST("/admin/mail/templates/:name/:lang/preview", mailTexts.preview)

	// Invitations
	offer := offerHandlers{s, d.App}
	s.get("/invitations/:token", offer.show)
	e.POST("/invitations/:token", offer.accept)
	invitations := invitationHandlers{s, d.App}
	s.get("/albums/:id/invitations", invitations.ofAlbum)
	e.POST("/albums/:id/invitations", invitations.invite)
	e.POST("/albums/:id/invitations/:invitation/resend", invitations.resend)
	e.POST("/albums/:id/invitations/:invitation/revoke", invitations.revoke)
	s.get("/admin/invitations", invitations.ofSite)
	e.POST("/admin/invitations", invitations.invite)
	e.POST("/admin/invitations/:invitation/resend", invitations.resend)
	e.POST("/admin/invitations/:invitation/revoke", invitations.revoke)

	// One's own account
	s.get(activityPath, audit.activity)
	settings := settingsHandlers{s, d.App}
	s.get("/account", settings.form)
	e.POST("/account", settings.submit)
	e.POST("/account/theme", settings.theme)
	s.get(accountPath+"/password", change.passwordForm)
	e.POST(accountPath+"/password", change.changePassword)
	s.get(accountPath+"/email", change.emailForm)
	e.POST(accountPath+"/email", change.changeEmail)
	proof := proofHandlers{s, d.App}
	s.get(proofPath, proof.form)
	e.POST(proofPath, proof.submit)
	profile := profileHandlers{s, d.App}
	s.get("/users/:id/avatar", profile.avatar)
	e.POST(avatarPath, profile.setAvatar)
	e.POST(avatarPath+"/remove", profile.removeAvatar)
	ownData := ownDataHandlers{s, d.App}
	s.get(ownDataPath, ownData.show)
	e.POST(ownDataPath+"/delete", ownData.remove)
	e.POST(ownDataPath+"/export", ownData.export)
	e.POST(ownDataPath+"/export/remove", ownData.removeExport)
	s.get(exportsPath+"/:token", ownData.download)
	sessions := sessionListHandlers{s, d.App}
	s.get(sessionsPath, sessions.list)
	e.POST(sessionsPath+"/end-others", sessions.endOthers)
	e.POST(sessionsPath+"/:id/end", sessions.end)
	security := securityHandlers{s, d.App}
	s.get(securityPath, security.show)
	s.get(totpPath, security.setUp)
	e.POST(totpPath, security.beginTOTP)
	e.POST(totpPath+"/confirm", security.confirmTOTP)
	s.get(totpPath+"/off", security.offForm)
	e.POST(totpPath+"/off", security.turnOff)
	s.get(recoveryPath, security.recoveryForm)
	e.POST(recoveryPath, security.makeCodes)
	passkey := passkeyHandlers{s, d.App}
	s.get(passkeysPath, passkey.list)
	e.POST(passkeysPath+"/begin", passkey.begin)
	e.POST(passkeysPath, passkey.add)
	s.get(passkeysPath+"/:id", passkey.renameForm)
	e.POST(passkeysPath+"/:id", passkey.rename)
	s.get(passkeysPath+"/:id/remove", passkey.removeForm)
	e.POST(passkeysPath+"/:id/remove", passkey.remove)
	s.get(linkPath, identity.linkForm)
	e.POST(linkPath, identity.link)
	s.get(linkPath+"/:id", identity.unlinkForm)
	e.POST(linkPath+"/:id", identity.unlink)
	tokens := tokenHandlers{s, d.App}
	s.get("/account/tokens", tokens.list)
	e.POST("/account/tokens", tokens.create)
	e.POST("/account/tokens/:id/revoke", tokens.revoke)

	// Adding photos
	uploads := uploadHandlers{s, d.App}
	s.get("/upload", uploads.form)
	e.POST("/upload", uploads.submit)
	tus := newTusHandlers(s, d.App)
	e.OPTIONS(tusPath, tus.options)
	e.POST(tusPath, tus.serve)
	e.Match([]string{"HEAD", "PATCH", "DELETE"}, tusPath+":id", tus.serve)

	// The API, below /api/v1
	api := newAPI(s)
	s.get("/api/docs", api.docs)
	apiAccount{api, d.App}.register()
	apiProfile{api, d.App}.register()
	apiOwnData{api, d.App}.register()
	apiMediaHandlers{api, d.App}.register()
	apiSearch{api, d.App}.register()
	apiMembers{api, d.App}.register()
	apiUsers{api, d.App}.register()
	apiGroups{api, d.App}.register()
	apiAlbums{api, d.App}.register()
	apiCategories{api, d.App}.register()
	apiUpload{api, d.App}.register()
	apiInvitations{api, d.App}.register()
	apiAudit{api, d.App}.register()
	apiLinks{api, d.App}.register()
	apiReports{api, d.App}.register()
	api.registerFiles(bytes)
	api.registerArchive(archive)
}

// get answers GET, and HEAD likewise: net/http leaves the body away.
func (s *Server) get(path string, h echo.HandlerFunc) {
	s.echo.GET(path, h)
	s.echo.HEAD(path, h)
}
