package staff

import (
	"encoding/json"
	"testing"
)

func TestFaceTakesOnlyWhatIsOne(t *testing.T) {
	for prefs, want := range map[string]Face{
		`{"avatar":{"hue":3,"initials":" 小李 "}}`:     {Hue: 3, Initials: "小李"},
		`{"avatar":{"hue":9,"initials":"too long"}}`: {},
		`{"avatar":"x"}`: {}, `{}`: {}, ``: {}, `{"avatar":{"initials":"A\u0000"}}`: {Initials: "A"},
	} {
		got := Person{Preferences: json.RawMessage(prefs)}.Face()
		if got == nil {
			got = &Face{}
		}
		if *got != want {
			t.Errorf("%s: %+v, not %+v", prefs, *got, want)
		}
	}
}
