// Package learn is the text classifier of Zhidan: linear models over hashed
// words and letters that are trained from closed tickets in about a second,
// answer in microseconds, say how sure they are, abstain on what they do not
// know, show the words that counted, and take in a correction at once.
//
// It promises: the same examples and seed give the same model, byte for byte;
// a model is never changed once built, so any number of readers may share it
// (Learn, Merge and Forget give a new one and share what did not change); no
// text is kept in a model, only hashes; bytes that are not a model give an
// error, never a panic; and every text, however long or strange, is read up to
// a fixed limit and costs a bounded time.
//
// Methods: Crammer and Singer's multiclass support vector machine solved by
// sequential dual coordinate descent (Keerthi, Sundararajan, Chang, Hsieh and
// Lin 2008); complement naive Bayes (Rennie, Shih, Teevan and Karger 2003);
// calibration after Platt (1999).
package learn

import "zhidan/internal/platform/fault"

// Example is a text with its label. Weight 0 counts as 1.
type Example struct {
	Text   string  `json:"text"`
	Title  string  `json:"title,omitempty"`
	Label  string  `json:"label"`
	Weight float32 `json:"weight,omitempty"`
}

// Label tells what the name of a label means. Title and description are read
// as if they were short examples, so that a category works a little before
// its first ticket.
type Label struct {
	Name        string `json:"label"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// Scored is a label with its share of the belief.
type Scored struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

// Prediction is what a model makes of a text.
type Prediction struct {
	Label      string   // the best label; empty when the model has none
	Confidence float64  // how often a prediction with such scores is right, 0…1
	Known      float64  // how likely the text is of a kind the model was trained on, 0…1
	Runners    []Scored // the best five with the first, in falling order
}

// Evidence is a stretch of the original text that spoke for a label. Start
// and End are rune offsets; Weight is its share of all that spoke for it.
type Evidence struct {
	InTitle bool    `json:"in_title,omitempty"`
	Start   int     `json:"start"`
	End     int     `json:"end"`
	Weight  float64 `json:"weight"`
}

// The limits of training.
const (
	MaxLabels      = 2000
	MaxExamples    = 500_000
	MaxUnlabelled  = 100_000
	MaxCorrections = 2000 // since the last training
	MaxLabelName   = 200  // bytes
)

// Options steer a training. The zero value is good.
type Options struct {
	// Labels describe labels; one without an example is still learned.
	Labels []Label
	// Unlabelled are texts that help where examples are few.
	Unlabelled []string
	// Balance makes rare labels count like frequent ones: for priorities and
	// risks, where the rare label is the one that matters.
	Balance bool
	Seed    uint64
	// Progress is told how much of the work is done.
	Progress func(done, total int)
}

func checkLabel(field, name string) error {
	switch {
	case name == "":
		return fault.Bad(field, "learn.label_empty", "a label needs a name")
	case len(name) > MaxLabelName:
		return fault.Bad(field, "learn.label_long", "a label has at most %d bytes", MaxLabelName)
	}
	return nil
}
