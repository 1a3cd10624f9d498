package handlers

import (
	"context"

	"github.com/mileusna/useragent"

	"albumen/i18n"
)

// agentText says in words what browser a User-Agent header names. It is what
// the client says of itself: a help for memory, no proof.
func agentText(ctx context.Context, header string) string {
	agent := useragent.Parse(header)
	system := agent.OS
	switch {
	case agent.Device != "" && (agent.IsIOS() || agent.Mobile):
		system = agent.Device // such as iPhone
	case system == useragent.MacOS:
		system = "Mac"
	}
	switch {
	case agent.Name == "" || agent.IsUnknown():
		return i18n.T(ctx, "sessions.unknown")
	case system == "":
		return agent.Name
	}
	return i18n.T(ctx, "sessions.device", "Browser", agent.Name, "System", system)
}
