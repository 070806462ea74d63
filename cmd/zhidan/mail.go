package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"zhidan/internal/channel/email"
)

type mailParseCmd struct {
	Files []string `arg:"" help:"Mails, directories or mboxes; - is standard input."`
}

func (c mailParseCmd) Run(ctx context.Context) error {
	out := json.NewEncoder(os.Stdout)
	failed := 0
	for _, path := range c.Files {
		err := email.Walk(ctx, path, 0, func(src email.Source) error {
			m, err := email.Parse(ctx, src.Raw, email.Limits{})
			if err != nil {
				failed++
				return out.Encode(map[string]string{"file": src.Name, "error": err.Error()})
			}
			return out.Encode(m)
		})
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d mails could not be read", failed)
	}
	return nil
}
