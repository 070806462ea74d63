// Package internal holds the test of the house's structure.
package internal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors from the lowest; inside desk, bands from the lowest. What is not
// listed may not exist: a new room has to find its place here first.
var floors = []struct {
	name  string
	rooms []string
}{
	{"platform", []string{"platform"}},
	{"mind", []string{"mind"}},
	{"desk: ground", []string{"desk/staff"}},
	{"desk: base", []string{"desk/customer", "desk/form", "desk/calendar", "desk/roster"}},
	{"desk: core", []string{"desk/ticket"}},
	{"desk: engines", []string{"desk/understand", "desk/sla", "desk/routing", "desk/rule", "desk/flow", "desk/notify", "desk/webhook", "desk/connector", "desk/audit"}},
	{"desk: products", []string{"desk/knowledge", "desk/phrase", "desk/viewing", "desk/assist", "desk/bot", "desk/survey", "desk/report", "desk/field", "desk/asset", "desk/device", "desk/quality", "desk/privacy", "desk/pack", "desk/exchange"}},
	{"channel", []string{"channel"}},
	{"server", []string{"server"}},
	{"above the server", []string{"demo", "bench", "zhidantest"}},
}

const module = "zhidan/internal/"

// place is the floor of a package and its room in it.
func place(path string) (floor int, room string) {
	for i, f := range floors {
		for _, r := range f.rooms {
			if path == r || strings.HasPrefix(path, r+"/") {
				return i, r
			}
		}
	}
	return -1, ""
}

func TestImportsKeepToFloors(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			return nil
		}
		floor, room := place(pkg)
		if floor < 0 {
			t.Errorf("%s stands on no floor: find its place in arch_test.go first", pkg)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, imp := range file.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			name, ours := strings.CutPrefix(name, module)
			if !ours {
				continue
			}
			to, other := place(name)
			switch {
			case to < 0:
				t.Errorf("%s imports %s, which stands on no floor", path, name)
			case to > floor:
				t.Errorf("%s (%s) imports %s (%s): a floor imports only floors below it", path, floors[floor].name, name, floors[to].name)
			case to == floor && room != other && floors[floor].name != "above the server":
				t.Errorf("%s imports %s: packages of one band never import each other; they meet in Passes, Reactions, Actions and Events", path, name)

			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Fatalf("only %d files were looked at", seen)
	}
}

// The mechanism itself must be able to fail.
func TestPlacesAreTold(t *testing.T) {
	for path, want := range map[string]string{"platform/db/dbtest": "platform", "desk/staff": "desk: ground", "desk/ticket": "desk: core", "channel/email": "channel"} {
		floor, _ := place(path)
		if floor < 0 || floors[floor].name != want {
			t.Errorf("%s is on floor %d, not on %s", path, floor, want)
		}
	}
	if floor, _ := place("util"); floor >= 0 {
		t.Error("a room without a floor was let in")
	}
}
