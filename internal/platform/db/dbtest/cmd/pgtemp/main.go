// Command pgtemp starts a throwaway PostgreSQL, runs a command with
// ZHIDAN_TEST_POSTGRES set to its URL, and removes the server again:
//
//	go run ./internal/platform/db/dbtest/cmd/pgtemp -- go test ./...
//
// With -durable it syncs to disk, as for measuring. Without a command it
// prints the URL and runs until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"zhidan/internal/platform/db/dbtest/pgserver"
)

func main() {
	durable := flag.Bool("durable", false, "sync acknowledged writes to disk")
	flag.Parse()
	os.Exit(run(*durable, flag.Args()))
}

func run(durable bool, command []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := pgserver.Start(ctx, pgserver.Options{Durable: durable})
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		return 1
	}
	defer s.Stop()
	if len(command) == 0 {
		fmt.Println(s.URL)
		<-ctx.Done()
		return 0
	}
	fmt.Fprintln(os.Stderr, "pgtemp:", s.URL)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = append(os.Environ(), "ZHIDAN_TEST_POSTGRES="+s.URL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "pgtemp:", err)
	return 1
}
