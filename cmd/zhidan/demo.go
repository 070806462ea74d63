package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"zhidan/internal/demo"
	"zhidan/internal/server"
)

type demoCmd struct{ store }

func (c demoCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	err = demo.Fill(ctx, s, progress(os.Stderr))
	if err != nil {
		return err
	}
	if cli.JSON {
		show(map[string]any{"company": demo.Company, "password": demo.Password, "users": demo.Signs()}, "")
		return nil
	}
	return demo.PrintSigns(ctx, s, os.Stdout)
}

// fillDemo fills the store at the first start with --demo. A store that has
// something in it stays as it is.
func fillDemo(ctx context.Context, s *server.Server, w io.Writer) error {
	filled, err := demo.Filled(ctx, s)
	if err != nil || filled {
		return err
	}
	empty, err := s.Staff.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if !empty {
		fmt.Fprintln(w, "  the store is not empty: it stays as it is, without demo data")
		return nil
	}
	return demo.Fill(ctx, s, progress(w))
}

// demoSignIns says who can sign in, if the store is a demo's.
func demoSignIns(ctx context.Context, s *server.Server, w io.Writer) error {
	return demo.PrintSigns(ctx, s, w)
}

// progress writes how far something is, on one line.
func progress(w io.Writer) func(float64) {
	last := -1
	return func(part float64) {
		if p := int(part * 100); p/5 != last/5 || last < 0 {
			last = p
			fmt.Fprintf(w, "\r  filling the demo %3d %%", p)
			if part >= 1 {
				fmt.Fprintln(w)
			}
		}
	}
}
