package main

import (
	"context"
	"fmt"
	"os"

	"zhidan/internal/channel/email"
)

type importMailCmd struct {
	store
	Path string `arg:"" help:"Directory, Maildir, mbox or single mail; - is standard input."`
}

func (c importMailCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	t, err := tenantOf(ctx, s, "Zhidan")
	if err != nil {
		return err
	}
	words := func(r email.Report) string {
		return fmt.Sprintf("%d mails: %d new tickets, %d joined theirs, %d known before, %d in quarantine, %d failed (%.1f s)",
			r.Read, r.Created, r.Joined, r.Duplicates, r.Quarantined, len(r.Failed), r.Seconds)
	}
	r, err := email.Import(ctx, s.Intake, t.ID, c.Path, email.ImportOptions{Progress: func(r email.Report) {
		fmt.Fprint(os.Stderr, "\r", words(r))
	}})
	fmt.Fprintln(os.Stderr)
	for _, f := range r.Failed {
		fmt.Fprintf(os.Stderr, "%s: %s\n", f.Name, f.Error)
	}
	show(r, words(r))
	if err == nil && len(r.Failed) > 0 {
		err = fmt.Errorf("%d mails were not taken in", len(r.Failed))
	}
	return err
}
