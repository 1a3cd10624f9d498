package handlers_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"albumen/app"
)

// permissionsFile is words written by hand, then tables written by this test.
const (
	permissionsFile = "../docs/permissions.md"
	permissionsMark = "<!-- From here on written by: UPDATE_PERMISSIONS=1 go test ./handlers -run TestPermissionsAreAsWritten -->\n"
)

// Every address is asked as everybody, and the answers are those that
// docs/permissions.md has. A new address needs its lines there, and a change of
// who may do what shows in the review of that file.
func TestPermissionsAreAsWritten(t *testing.T) {
	file, err := os.ReadFile(permissionsFile)
	if err != nil {
		t.Fatal(err)
	}
	words, written, found := strings.Cut(string(file), permissionsMark)
	if !found {
		t.Fatalf("%s lacks the line %q", permissionsFile, permissionsMark)
	}
	got := "\n" + ruleTable() + routeTable(t) + linkTable(t)
	if os.Getenv("UPDATE_PERMISSIONS") != "" {
		if err := os.WriteFile(permissionsFile, []byte(words+permissionsMark+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got == written {
		return
	}
	was, is := strings.Split(written, "\n"), strings.Split(got, "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			t.Errorf("written, but not so: %s", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			t.Errorf("so, but not written: %s", line)
		}
	}
	t.Error("look whether that is meant; then write it with UPDATE_PERMISSIONS=1")
}

func ruleTable() string {
	var b strings.Builder
	b.WriteString("## The rules\n\nThe table in `app/access.go`, which every page, API call, file and job asks.\n\n" +
		"| act | least role on the object | scope of a token | signed in | in the trash too |\n|---|---|---|---|---|\n")
	mark := map[bool]string{true: "yes", false: ""}
	for _, p := range app.Permissions() {
		role := p.Role.String()
		if p.Role == app.RoleNone {
			role = "–"
		}
		if p.Download {
			role += ", by a link if it allows downloads"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", p.Action, role, p.Scope, mark[p.SignedIn], mark[p.Trashed])
	}
	return b.String()
}

// routeTable asks every address as everybody.
func routeTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## The addresses\n\nEach address was asked by each of these about objects in a private album. " +
		"*yes*: answered, or refused for what was sent; *in*: sign in first; *no*: told that this is not allowed; " +
		"–: does not exist, as far as that one can tell.\n\n| address | " + strings.Join(actors, " | ") + " |\n|---" +
		strings.Repeat("|---", len(actors)) + "|\n")
	s := newSite(t)
	for _, r := range routesOf(s) {
		row := "| `" + r + "` "
		method, path, _ := strings.Cut(r, " ")
		stage := newStage(s)
		for _, who := range actors {
			if strings.HasPrefix(who, "token") && !isAPI(path) {
				row += "| " // pages know no tokens
				continue
			}
			row += "| " + verdict(t, r, who, stage.ask(who, method, path)) + " "
		}
		b.WriteString(row + "|\n")
	}
	return b.String()
}

// routesOf are the addresses without duplicates: HEAD answers as GET does.
func routesOf(s *site) []string {
	var all []string
	for _, r := range s.web.Routes() {
		if r.Method != http.MethodHead && r.Method != http.MethodOptions && r.Method != "echo_route_not_found" {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	slices.SortFunc(all, func(x, y string) int {
		mx, px, _ := strings.Cut(x, " ")
		my, py, _ := strings.Cut(y, " ")
		return strings.Compare(px+" "+mx, py+" "+my)
	})
	return slices.Compact(all)
}

func isAPI(path string) bool { return strings.HasPrefix(path, "/api/v1/") }

func verdict(t testing.TB, route, who string, a answer) string {
	t.Helper()
	switch {
	case a.StatusCode == http.StatusUnauthorized, a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/login") && !strings.HasSuffix(route, " /logout"):
		return "in"
	case a.StatusCode == http.StatusForbidden:
		return "no"
	case a.StatusCode == http.StatusNotFound:
		return "–"
	case a.StatusCode >= 500, a.StatusCode == http.StatusTooManyRequests:
		t.Errorf("%s as %s: %s", route, who, a.Status)
		return "error"
	}
	return "yes"
}
