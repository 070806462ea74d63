// Package starter holds what the shipped starter model learns from: customer
// service texts in Chinese and English, written for this product, each with the
// type of its matter, and the names and descriptions of those types.
//
// It promises that every text is labelled with a type that Labels knows, that
// no text comes twice, and that both languages have enough of each type to
// learn from. It only reads its own embedded files and knows no model.
// The texts are invented: no person, company or order in them exists.
package starter

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

//go:embed types.jsonl
var typesFile []byte

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

// Types are all labelled texts. The slice belongs to the caller.
func Types() []Example { return slices.Clone(load().examples) }

// Labels are the types of matter in the order in which they are shown. The
// slice belongs to the caller.
func Labels() []Label { return slices.Clone(load().labels) }

type files struct {
	examples []Example
	labels   []Label
}

// The files are part of the program: one that does not parse is a broken build,
// which the tests find, so it is no error for callers to handle.
var load = sync.OnceValue(func() files {
	var f files
	if err := json.Unmarshal(labelsFile, &f.labels); err != nil {
		panic(fmt.Errorf("starter: labels.json: %w", err))
	}
	f.examples = make([]Example, 0, bytes.Count(typesFile, []byte("\n")))
	n := 0
	for line := range bytes.Lines(typesFile) {
		n++
		var e Example
		if err := json.Unmarshal(line, &e); err != nil {
			panic(fmt.Errorf("starter: types.jsonl line %d: %w", n, err))
		}
		f.examples = append(f.examples, e)
	}
	return f
})
