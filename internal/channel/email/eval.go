package email

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// ReplyScore is the outcome of EvalReplies.
type ReplyScore struct {
	Exact  int      `json:"exact"`
	Total  int      `json:"total"`
	Missed []string `json:"missed,omitempty"`
}

// EvalReplies measures TrimReply on a folder in the layout of
// email_reply_trimmer's fixtures: emails/NAME is the mail, trimmed/NAME the
// expected reply. A case counts when both are equal after all runs of white
// space are made one blank.
func EvalReplies(dir string) (ReplyScore, error) {
	var score ReplyScore
	files, err := os.ReadDir(filepath.Join(dir, "emails"))
	if err != nil {
		return score, err
	}
	for _, f := range files {
		if f.IsDir() || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		in, err := os.ReadFile(filepath.Join(dir, "emails", f.Name()))
		if err != nil {
			return score, err
		}
		want, err := os.ReadFile(filepath.Join(dir, "trimmed", f.Name()))
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			return score, err
		}
		score.Total++
		if sameWords(TrimReply(string(in)), clean(string(want))) {
			score.Exact++
		} else {
			score.Missed = append(score.Missed, f.Name())
		}
	}
	sort.Strings(score.Missed)
	return score, nil
}

func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}
