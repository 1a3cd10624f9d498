package handlers

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/policies"
	"albumen/views/ui"
)

// policyEditApp is what changing policies needs.
type policyEditApp interface {
	Policies(context.Context, app.Actor) ([]app.PolicyVersion, error)
	PolicyHistory(ctx context.Context, actor app.Actor, name string) (app.PolicyHistory, error)
	PreviewPolicy(ctx context.Context, actor app.Actor, name, text string) (app.Policy, error)
	PublishPolicy(ctx context.Context, actor app.Actor, name string, from int, n app.NewPolicy) error
}

type policyEditHandlers struct {
	*Server
	app policyEditApp
}

const policiesPath = "/admin/policies"

func policyPath(name string) string { return policiesPath + "/" + name }

func policyVersionPath(name string, version int) string {
	return policyPath(name) + "/" + strconv.Itoa(version)
}

func (h policyEditHandlers) list(c echo.Context) error {
	ctx := c.Request().Context()
	list, err := h.app.Policies(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := policies.List{Page: h.page(c)}
	for _, v := range list {
		facts := i18n.T(ctx, "policies.facts_shipped")
		switch {
		case v.Version > 0 && v.By != "":
			facts = i18n.T(ctx, "policies.facts_by", "Number", v.Version, "When", i18n.Date(ctx, v.At), "Name", v.By)
		case v.Version > 0:
			facts = i18n.T(ctx, "policies.facts", "Number", v.Version, "When", i18n.Date(ctx, v.At))
		}
		p.Rows = append(p.Rows, policies.Row{Title: policyTitle(ctx, v.Name), Facts: facts, Href: policyPath(v.Name)})
	}
	return h.render(c, http.StatusOK, policies.ListPage(p))
}

// policyDraft is the form as it was typed.
type policyDraft struct {
	app.NewPolicy
	from    int // the version that it began with
	restore int // the older version whose text it is; -1: none
}

// form shows the text that counts, or an older one to take again.
func (h policyEditHandlers) form(c echo.Context) error {
	ctx := c.Request().Context()
	history, err := h.app.PolicyHistory(ctx, h.actor(c), c.Param("name"))
	if err != nil {
		return err
	}
	draft := policyDraft{from: history.Versions[0].Version, restore: -1}
	draft.Text = history.Versions[0].Text
	if c.QueryParams().Has("restore") {
		old, ok := history.Version(atoiOr(c.QueryParam("restore"), -1))
		if !ok {
			return app.NotFound("page")
		}
		draft.Text, draft.restore = old.Text, old.Version
		draft.Note = i18n.T(ctx, "policies.restored_note", "Number", old.Version)
	}
	return h.show(c, http.StatusOK, history, draft, "", nil)
}

// submit publishes the text, or shows what it would look like.
func (h policyEditHandlers) submit(c echo.Context) error {
	ctx, actor, name := c.Request().Context(), h.actor(c), c.Param("name")
	history, err := h.app.PolicyHistory(ctx, actor, name)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	draft := policyDraft{from: atoiOr(fields.Get("version"), -1), restore: -1}
	draft.NewPolicy = app.NewPolicy{Text: fields.Get("text"), Note: fields.Get("note"), Ask: fields.Has("ask")}
	if fields.Get("act") == "preview" {
		preview, err := h.app.PreviewPolicy(ctx, actor, name, draft.Text)
		if err != nil {
			return h.refused(c, history, draft, err)
		}
		html, err := policyHTML(ctx, preview.Text)
		if err != nil {
			return err
		}
		return h.show(c, http.StatusOK, history, draft, html, nil)
	}
	if err := h.app.PublishPolicy(ctx, actor, name, draft.from, draft.NewPolicy); err != nil {
		return h.refused(c, history, draft, err)
	}
	receipt := "receipt_of.policy"
	if draft.Ask {
		receipt = "receipt_of.policy_asked"
	}
	return h.done(c, layout.Receipt{Text: i18n.T(ctx, receipt)}, policyPath(name))
}

// refused shows what was typed and why it does not count. After a newer version
// of somebody else's, the form goes on from that one.
func (h policyEditHandlers) refused(c echo.Context, history app.PolicyHistory, draft policyDraft, err error) error {
	ctx := c.Request().Context()
	shown, status, ok := fieldErrors(ctx, err)
	if !ok {
		return err
	}
	if app.CodeOf(err) == app.CodeConflict {
		if history, err = h.app.PolicyHistory(ctx, h.actor(c), history.Name); err != nil {
			return err
		}
		draft.from = history.Versions[0].Version
	}
	return h.show(c, status, history, draft, "", shown)
}

func (h policyEditHandlers) show(c echo.Context, status int, history app.PolicyHistory, d policyDraft, preview string, shown ui.Errors) error {
	ctx := c.Request().Context()
	p := policies.Edit{
		Page: h.page(c), Title: policyTitle(ctx, history.Name), ReadURL: "/" + history.Name, ActionURL: policyPath(history.Name), Version: d.from,
		Text: d.Text, Note: d.Note, CanAsk: history.MustAgree, Ask: d.Ask, From: d.restore, Preview: preview, Errors: shown,
	}
	if status == http.StatusConflict {
		p.NewerURL = policyVersionPath(history.Name, history.Versions[0].Version)
	}
	for _, f := range app.PolicyFields() {
		p.Fields = append(p.Fields, "{{"+f+"}}")
	}
	if history.MustAgree && history.Owing > 0 {
		p.Counts = i18n.N(ctx, "policies.owing", history.Owing, "People", i18n.Number(ctx, history.People))
	}
	for i, v := range history.Versions {
		p.History = append(p.History, policyVersionView(ctx, v, i == 0))
	}
	return h.render(c, status, policies.EditPage(p))
}

func policyVersionView(ctx context.Context, v app.PolicyVersion, current bool) policies.Version {
	out := policies.Version{
		Name: i18n.T(ctx, "policies.version_name", "Number", v.Version), Href: policyVersionPath(v.Name, v.Version),
		At: v.At, By: v.By, Note: v.Note, Current: current, Asked: v.Ask,
	}
	if v.Accepted > 0 {
		out.Accepted = i18n.N(ctx, "policies.accepted", v.Accepted)
	}
	return out
}

// version shows one version, and what it changed.
func (h policyEditHandlers) version(c echo.Context) error {
	ctx, actor, name := c.Request().Context(), h.actor(c), c.Param("name")
	history, err := h.app.PolicyHistory(ctx, actor, name)
	if err != nil {
		return err
	}
	v, ok := history.Version(atoiOr(c.Param("version"), -1))
	if !ok {
		return app.NotFound("page")
	}
	filled, err := h.app.PreviewPolicy(ctx, actor, name, v.Text)
	if err != nil {
		return err
	}
	html, err := policyHTML(ctx, filled.Text)
	if err != nil {
		return err
	}
	current := v.Version == history.Versions[0].Version
	p := policies.Old{
		Page: h.page(c), Title: policyTitle(ctx, name), Version: policyVersionView(ctx, v, current), HTML: html, EditURL: policyPath(name),
	}
	if !current {
		p.RestoreURL = policyPath(name) + "?restore=" + strconv.Itoa(v.Version)
	}
	if before, ok := history.Version(v.Version - 1); ok {
		p.Diff = textDiff(before.Text, v.Text)
	}
	return h.render(c, http.StatusOK, policies.OldPage(p))
}
