package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"zhidan/internal/desk/exchange"
	"zhidan/internal/desk/staff"
)

type importCSVCmd struct {
	store
	Path       string            `arg:"" help:"CSV or XLSX file with a heading line, in UTF-8 or GB18030; - is standard input."`
	What       string            `help:"What stands in it." enum:"ticket,customer,company" default:"ticket"`
	Map        map[string]string `help:"Heading=meaning, where the heading is not a usual one; of tickets: subject, body, requester_name, requester_email, requester_phone, type, category, priority, status, assignee, team, tags, channel, created_at, ended_at, code, ref, field:KEY, skip." mapsep:","`
	Duplicates string            `help:"What is done with a row that is here already." enum:"skip,update,create" default:"skip"`
	DryRun     bool              `help:"Check only."`
	Name       string            `help:"Name of the source, by which a second run knows its rows again; default the file's name."`
}

func (c importCSVCmd) Run(ctx context.Context) error {
	var in io.Reader = os.Stdin
	if c.Path != "-" {
		f, err := os.Open(c.Path)
		if err != nil {
			return usageError{err}
		}
		defer f.Close()
		in = f
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	t, err := tenantOf(ctx, s, "Zhidan")
	if err != nil {
		return err
	}
	if c.Name == "" {
		c.Name = filepath.Base(c.Path)
	}
	rep, err := s.Exchange.Take(ctx, staff.System(t.ID), in, exchange.Order{What: c.What, Name: c.Name, Meaning: c.Map, Duplicates: c.Duplicates, DryRun: c.DryRun, Progress: func(r exchange.Report) {
		fmt.Fprintf(os.Stderr, "\r%d rows, %d created, %d failed", r.Rows, r.Created, r.Failed)
	}})
	fmt.Fprintln(os.Stderr)
	for _, e := range rep.Errors {
		var why []string
		for _, p := range e.Problems {
			why = append(why, strings.TrimSpace(p.Field+" "+p.Message))
		}
		fmt.Fprintf(os.Stderr, "row %d: %s\n", e.Row, strings.Join(why, "; "))
	}
	show(rep, fmt.Sprintf("%d rows: %d created, %d updated, %d known from before, %d failed", rep.Rows, rep.Created, rep.Updated, rep.Skipped, rep.Failed))
	if err == nil && rep.Failed > 0 {
		err = fmt.Errorf("%d rows were not taken in", rep.Failed)
	}
	return err
}
