package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"albumen/app"
	"albumen/i18n"
	"albumen/views/admin"
)

// auditKinds are the kinds of objects, and the groups of actions, by name.
var auditKinds = []struct{ name, key string }{
	{"album", "audit_kind.album"}, {"audit", "audit_kind.audit"}, {"category", "audit_kind.category"}, {"group", "audit_kind.group"},
	{"guest", "audit_kind.guest"}, {"invitation", "audit_kind.invitation"}, {"link", "audit_kind.link"}, {"mail", "audit_kind.mail"},
	{"mail_text", "audit_kind.mail_text"}, {"media", "audit_kind.media"}, {"member", "audit_kind.member"}, {"message", "audit_kind.message"}, {"model", "audit_kind.model"},
	{"policy", "audit_kind.policy"}, {"report", "audit_kind.report"},
	{"session", "audit_kind.session"}, {"settings", "audit_kind.settings"}, {"token", "audit_kind.token"}, {"trash", "audit_kind.trash"},
	{"user", "audit_kind.user"},
}

// auditFields are what entries tell, by name.
var auditFields = map[string]string{
	"admin": "audit_field.admin", "album": "audit_field.album", "albums": "audit_field.albums", "asked": "audit_field.asked", "bytes": "audit_field.bytes",
	"email": "audit_field.email", "entries": "audit_field.entries", "expires": "audit_field.expires", "filename": "audit_field.filename",
	"first": "audit_field.first", "group": "audit_field.group", "heir": "audit_field.heir", "items": "audit_field.items",
	"language": "audit_field.language", "name": "audit_field.name", "note": "audit_field.note", "policy": "audit_field.policy", "role": "audit_field.role", "scopes": "audit_field.scopes",
	"sessions": "audit_field.sessions", "title": "audit_field.title", "version": "audit_field.version", "visibility": "audit_field.visibility",
}

// auditLabels are the fields that name an object, the best first.
var auditLabels = map[string][]string{
	"album": {"title", "album", "name"}, "user": {"name", "email"}, "group": {"name", "group"}, "media": {"filename", "title", "name"}, "settings": {"policy"},
	"": {"name", "title", "album", "email", "group"},
}

func kindName(ctx context.Context, kind string) string {
	for _, k := range auditKinds {
		if k.name == kind {
			return i18n.T(ctx, k.key)
		}
	}
	return kind
}

// actionText says an action in the reader's language; its name where nobody has
// found words for it.
func actionText(ctx context.Context, action string) string {
	key := "audit." + action
	text := i18n.T(ctx, key)
	if text == key {
		return action
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func auditField(ctx context.Context, field string) string {
	if key, ok := auditFields[field]; ok {
		return i18n.T(ctx, key)
	}
	return strings.ReplaceAll(field, "_", " ")
}

// auditEntry is an entry as both pages show it.
func auditEntry(ctx context.Context, e app.AuditEntry) admin.AuditEntry {
	detail := map[string]any{}
	if err := json.Unmarshal(e.Detail, &detail); err != nil {
		detail = map[string]any{} // shown without; albumen check tells of it
	}
	shown := admin.AuditEntry{
		Text: actionText(ctx, e.Action), Who: actorName(ctx, e), At: e.At.In(i18n.Zone(ctx)), IP: e.Ip, Erased: e.Erased(),
	}
	shown.Object = objectLabel(e.ObjectKind, detail)
	self := e.ObjectKind == "user" && e.ActorID != nil && e.ObjectID != nil && *e.ActorID == *e.ObjectID
	if e.ObjectOpen && e.ObjectID != nil && !self {
		shown.Href = objectHref(e.ObjectKind, *e.ObjectID)
		if shown.Object == "" && shown.Href != "" {
			shown.Object = i18n.T(ctx, "auditlog.show")
		}
	}
	if same := e.ActorID != nil && e.SubjectID != nil && *e.ActorID == *e.SubjectID; !same && e.ObjectKind != "user" && e.SubjectName != shown.Object {
		shown.About = e.SubjectName
	}
	shown.Changes = auditChanges(ctx, detail)
	for _, field := range slices.Sorted(maps.Keys(detail)) {
		if field != "before" && field != "after" {
			shown.Facts = append(shown.Facts, admin.AuditFact{Name: auditField(ctx, field), Value: auditValue(ctx, detail[field])})
		}
	}
	if e.RequestID != "" {
		shown.Facts = append(shown.Facts, admin.AuditFact{Name: i18n.T(ctx, "auditlog.request"), Value: e.RequestID})
	}
	if e.Seq != nil {
		shown.Facts = append(shown.Facts, admin.AuditFact{Name: i18n.T(ctx, "auditlog.number"), Value: strconv.FormatInt(*e.Seq, 10)})
	}
	return shown
}

func actorName(ctx context.Context, e app.AuditEntry) string {
	name := e.ActorName
	if name == "" {
		name = i18n.T(ctx, "auditlog.gone")
	}
	switch e.ActorKind {
	case "system":
		return i18n.T(ctx, "auditlog.system")
	case "visitor":
		return i18n.T(ctx, "auditlog.visitor")
	case "link":
		return i18n.T(ctx, "auditlog.link")
	case "token":
		return i18n.T(ctx, "auditlog.by_token", "Name", name)
	}
	return name
}

func objectLabel(kind string, detail map[string]any) string {
	labels, ok := auditLabels[kind]
	if !ok {
		labels = auditLabels[""]
	}
	for _, field := range labels {
		if s, ok := detail[field].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// auditChanges lays before and after side by side: by field, or as they are.
func auditChanges(ctx context.Context, detail map[string]any) []admin.AuditChange {
	before, hasBefore := detail["before"]
	after, hasAfter := detail["after"]
	if !hasBefore && !hasAfter {
		return nil
	}
	was, wasFields := before.(map[string]any)
	is, isFields := after.(map[string]any)
	if !wasFields && !isFields {
		return []admin.AuditChange{{Name: i18n.T(ctx, "auditlog.what"), Before: auditValue(ctx, before), After: auditValue(ctx, after)}}
	}
	fields := map[string]bool{}
	for field := range was {
		fields[field] = true
	}
	for field := range is {
		fields[field] = true
	}
	var changes []admin.AuditChange
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		changes = append(changes, admin.AuditChange{Name: auditField(ctx, field), Before: auditValue(ctx, was[field]), After: auditValue(ctx, is[field])})
	}
	return changes
}

// auditValue writes a value of an entry for people.
func auditValue(ctx context.Context, v any) string {
	switch v := v.(type) {
	case nil:
		return i18n.T(ctx, "auditlog.nothing")
	case bool:
		if v {
			return i18n.T(ctx, "auditlog.yes")
		}
		return i18n.T(ctx, "auditlog.no")
	case string:
		if v == "" {
			return i18n.T(ctx, "auditlog.nothing")
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = auditValue(ctx, one)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var parts []string
		for _, field := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, auditField(ctx, field)+": "+auditValue(ctx, v[field]))
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}
