package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"zhidan/internal/channel/email"
	"zhidan/internal/mind/learn"
	"zhidan/internal/mind/nlp/entity"
	"zhidan/internal/mind/retrieve"
)

// evalCmds measure the models on labelled data of one's own. Nothing is stored.
type evalCmds struct {
	Intent     evalClassifyCmd   `cmd:"" help:"Classify texts: train on one file, measure on another."`
	Sentiment  evalClassifyCmd   `cmd:"" help:"The same for moods."`
	Priority   evalClassifyCmd   `cmd:"" help:"The same for priorities; rare labels count like frequent ones."`
	Entities   evalEntitiesCmd   `cmd:"" help:"Find names, numbers, places and times."`
	Retrieval  evalRetrievalCmd  `cmd:"" help:"Find the documents that answer questions."`
	Duplicates evalDuplicatesCmd `cmd:"" help:"Find the sentences that say the same."`
	MailReply  evalMailReplyCmd  `cmd:"" name:"mail-reply" help:"Cut what is new out of mails that quote others."`
}

type evalClassifyCmd struct {
	Train      string   `required:"" type:"existingfile" help:"TSV or CSV with a header, or JSONL."`
	Test       string   `type:"existingfile" help:"The same form; needed unless --cross is given."`
	Text       []string `default:"text" help:"Columns of the text; a first one named title or subject is the title."`
	Label      []string `help:"Column of the label; several are joined. Default: label, else the second column."`
	OOS        string   `name:"oos" type:"existingfile" help:"Texts out of scope."`
	Val        string   `type:"existingfile" help:"Texts in scope on which the threshold is chosen."`
	OOSVal     string   `name:"oos-val" type:"existingfile" help:"Texts out of scope on which the threshold is chosen."`
	Labels     string   `type:"existingfile" help:"JSONL {label, title?, description?}."`
	Unlabelled string   `type:"existingfile" help:"Texts without labels that may help."`
	Shots      int      `help:"Only the first N rows of each label."`
	Cross      int      `help:"N-fold cross-validation on --train instead of --test."`
	Seed       uint64   `default:"1"`
}

func (c evalClassifyCmd) Run(ctx context.Context, k *kong.Context) error {
	task := k.Selected().Name
	if c.Test == "" && c.Cross == 0 {
		return usageError{fmt.Errorf("either --test or --cross is needed")}
	}
	r, err := learn.EvalClassify(ctx, learn.ClassifyOptions{Task: task, Train: c.Train, Test: c.Test, Text: strings.Join(c.Text, ","), Label: strings.Join(c.Label, ","),
		OOS: c.OOS, Val: c.Val, OOSVal: c.OOSVal, Labels: c.Labels, Unlabelled: c.Unlabelled, Shots: c.Shots, Cross: c.Cross, Seed: c.Seed})
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "accuracy %.4f  macro-F1 %.4f  calibration error %.4f\n", r.Accuracy, r.MacroF1, r.ECE)
	if r.ScopeReport != nil {
		fmt.Fprintf(&b, "out of scope: AUROC %.4f  in-scope accuracy %.4f  recall %.4f  overall %.4f\n", r.AUROC, r.InScopeAccuracy, r.OOSRecall, r.Overall)
	}
	fmt.Fprintf(&b, "trained in %.2f s, %.0f µs a text, model of %d bytes", r.TrainSeconds, r.PredictMicros, r.ModelBytes)
	if len(r.PerLabel) <= 50 {
		for _, l := range slices.Sorted(maps.Keys(r.PerLabel)) {
			s := r.PerLabel[l]
			fmt.Fprintf(&b, "\n  %-24s precision %.3f  recall %.3f  F1 %.3f  of %d", l, s.Precision, s.Recall, s.F1, s.Support)
		}
	}
	show(r, b.String())
	return nil
}

type evalEntitiesCmd struct {
	Train string `type:"existingfile" help:"JSONL {text, entities: [{start, end, type}]}; without it the shipped extractor is measured."`
	Test  string `type:"existingfile" help:"The same form; needed unless --cross is given."`
	Cross int    `help:"N-fold cross-validation on --train instead of --test."`
	Seed  uint64 `default:"1"`
}

func (c evalEntitiesCmd) Run(ctx context.Context) error {
	if c.Test == "" && (c.Cross == 0 || c.Train == "") {
		return usageError{fmt.Errorf("either --test, or --train with --cross, is needed")}
	}
	r, err := entity.EvalEntities(ctx, entity.EvalOptions{Train: c.Train, Test: c.Test, Cross: c.Cross, Seed: c.Seed})
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "micro-F1 %.4f  trained in %.2f s, %.0f µs a text", r.MicroF1, r.TrainSeconds, r.PredictMicros)
	for _, t := range slices.Sorted(maps.Keys(r.PerType)) {
		s := r.PerType[t]
		fmt.Fprintf(&b, "\n  %-16s precision %.3f  recall %.3f  F1 %.3f  of %d", t, s.Precision, s.Recall, s.F1, s.Support)
	}
	show(r, b.String())
	return nil
}

type evalRetrievalCmd struct {
	Docs    string `required:"" type:"existingfile" help:"JSONL {id, title?, text}."`
	Queries string `required:"" type:"existingfile" help:"JSONL {id, text, relevant: [id…]}."`
	Seed    uint64 `default:"1" help:"Taken for the sake of the other commands; nothing here is random."`
}

func (c evalRetrievalCmd) Run() error {
	r, err := retrieve.EvalRetrieval(c.Docs, c.Queries)
	if err == nil {
		show(r, fmt.Sprintf("hit@1 %.4f  @5 %.4f  @10 %.4f  MRR@10 %.4f  %.2f ms a query", r.HitAt1, r.HitAt5, r.HitAt10, r.MRRAt10, r.QueryMillis))
	}
	return err
}

type evalDuplicatesCmd struct {
	Pairs string `required:"" type:"existingfile" help:"TSV s1, s2, label without header."`
	Train string `type:"existingfile" help:"Pairs to learn from, in the same form."`
	Seed  uint64 `default:"1" help:"Taken for the sake of the other commands; nothing here is random."`
}

func (c evalDuplicatesCmd) Run() error {
	r, err := retrieve.EvalDuplicates(c.Pairs, c.Train)
	if err == nil {
		show(r, fmt.Sprintf("hit@1 %.4f  @5 %.4f  @10 %.4f  MRR@10 %.4f  %.2f ms a query\npairs: accuracy %.4f  AUC %.4f",
			r.HitAt1, r.HitAt5, r.HitAt10, r.MRRAt10, r.QueryMillis, r.PairAccuracy, r.PairAUC))
	}
	return err
}

type evalMailReplyCmd struct {
	Dir  string `required:"" type:"existingdir" help:"A folder with emails/ and trimmed/."`
	Seed uint64 `default:"1" help:"Taken for the sake of the other commands; nothing here is random."`
}

func (c evalMailReplyCmd) Run() error {
	r, err := email.EvalReplies(c.Dir)
	if err == nil {
		missed, _ := json.Marshal(r.Missed)
		show(r, fmt.Sprintf("%d of %d exact, missed %s", r.Exact, r.Total, missed))
	}
	return err
}
