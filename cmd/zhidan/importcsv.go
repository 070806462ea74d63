package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"zhidan/internal/desk/staff"
	"zhidan/internal/desk/ticket"
)

type importCSVCmd struct {
	store
	Path   string            `arg:"" help:"CSV file in UTF-8 with a heading line; - is standard input."`
	Map    map[string]string `help:"Heading=column, where the heading is not a usual one; columns: subject, body, requester_name, requester_email, requester_phone, type, priority, tags, channel, ref, field:KEY, skip." mapsep:","`
	DryRun bool              `help:"Check only."`
	Name   string            `help:"Name of the source, by which a second run knows its rows again; default the file's name."`
}

func (c importCSVCmd) Run(ctx context.Context) error {
	in := os.Stdin
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
	o := ticket.ImportOptions{Name: c.Name, Mapping: c.Map, DryRun: c.DryRun, Report: func(r ticket.ImportReport) {
		fmt.Fprintf(os.Stderr, "\r%d rows, %d created, %d failed", r.Rows, r.Created, r.Failed)
	}}
	rep, err := s.Desk.ImportCSV(ctx, staff.System(t.ID), in, o)
	fmt.Fprintln(os.Stderr)
	for _, e := range rep.Errors {
		fmt.Fprintf(os.Stderr, "line %d: %s %s\n", e.Line, e.Field, e.Message)
	}
	show(rep, fmt.Sprintf("%d rows: %d created, %d known from before, %d failed", rep.Rows, rep.Created, rep.Known, rep.Failed))
	if err == nil && rep.Failed > 0 {
		err = fmt.Errorf("%d rows were not taken in", rep.Failed)
	}
	return err
}
