// Package starter holds what the shipped starter model learns from: customer
// service texts in Chinese and English, written for this product, some with the
// type of their matter (and the names and descriptions of those types), others
// with the signals they give: priority, sentiment and risks, others again as
// plain faults or as dangers.
//
// It promises that every text is labelled with a type that Labels knows or with
// steps and kinds from fixed lists, that no text comes twice, and that both
// languages have enough of each to learn from. It only reads its own embedded
// files and knows no model.
// The texts are invented: no person, company or order in them exists.
package starter

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

//go:embed types.jsonl
var typesFile []byte

//go:embed signals.jsonl
var signalsFile []byte

//go:embed dangers.jsonl
var dangersFile []byte

//go:embed labels.json
var labelsFile []byte

// Example is one text and the type of matter it speaks of.
type Example struct {
	Text  string `json:"text"`
	Lang  string `json:"lang"` // "zh" or "en"
	Label string `json:"type"`
}

// Label is one type of matter. Labels are finer than the ticket types that a
// new tenant has.
type Label struct {
	Label string `json:"label"`
	Under string `json:"under"` // key of the shipped ticket type it comes under; "" for what is no customer's matter
	// Names and one-sentence descriptions.
	ZH      string `json:"zh"`
	EN      string `json:"en"`
	AboutZH string `json:"zh_about"`
	AboutEN string `json:"en_about"`
}

// Signal is one text, judged alone by what it says, and the signals it gives.
// Many texts without a risk hold words that often warn of one, because a model
// that knows only the words would cry wolf.
type Signal struct {
	Text      string   `json:"text"`
	Lang      string   `json:"lang"`      // "zh" or "en"
	Priority  string   `json:"priority"`  // "low", "normal", "high" or "urgent"
	Sentiment int      `json:"sentiment"` // -2 (fury, despair) … 2 (delight)
	Risk      []string `json:"risk"`      // of anger, churn, legal, media, regulator, safety; sorted, empty for none
}

// Danger is one short report, and whether life, body or property is in danger.
// The plain faults among them teach that "charges slowly" is no alarm; the
// dangers are told in the words of people who do not see them as such.
type Danger struct {
	Text   string `json:"text"`
	Lang   string `json:"lang"` // "zh" or "en"
	Danger bool   `json:"danger"`
}

// Types are all labelled texts. The slice belongs to the caller.
func Types() []Example { return slices.Clone(load().examples) }

// Labels are the types of matter in the order in which they are shown. The
// slice belongs to the caller.
func Labels() []Label { return slices.Clone(load().labels) }

// Signals are all texts with their signals. The slice and the risks in it
// belong to the caller.
func Signals() []Signal {
	out := slices.Clone(load().signals)
	for i := range out {
		out[i].Risk = slices.Clone(out[i].Risk)
	}
	return out
}

// Dangers are all plain faults and dangers. The slice belongs to the caller.
func Dangers() []Danger { return slices.Clone(load().dangers) }

type files struct {
	examples []Example
	signals  []Signal
	dangers  []Danger
	labels   []Label
}

// Digest names the state of the shipped texts: a model that was made from others
// is out of date.
var Digest = sync.OnceValue(func() string {
	h := sha256.New()
	for _, file := range [][]byte{typesFile, signalsFile, dangersFile, labelsFile} {
		h.Write(file)
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
})

// The files are part of the program: one that does not parse is a broken build,
// which the tests find, so it is no error for callers to handle.
var load = sync.OnceValue(func() files {
	var f files
	if err := json.Unmarshal(labelsFile, &f.labels); err != nil {
		panic(fmt.Errorf("starter: labels.json: %w", err))
	}
	f.examples = lines[Example]("types.jsonl", typesFile)
	f.signals = lines[Signal]("signals.jsonl", signalsFile)
	f.dangers = lines[Danger]("dangers.jsonl", dangersFile)
	return f
})

func lines[T any](name string, file []byte) []T {
	out := make([]T, 0, bytes.Count(file, []byte("\n")))
	for line := range bytes.Lines(file) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			panic(fmt.Errorf("starter: %s line %d: %w", name, len(out)+1, err))
		}
		out = append(out, v)
	}
	return out
}
