package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/id"
	"zhidan/internal/server"
)

type userCreateCmd struct {
	store
	Email   string `required:"" help:"Address with which the person signs in."`
	Name    string `required:""`
	Role    string `required:"" enum:"administrator,supervisor,agent,auditor" help:"administrator, supervisor, agent or auditor."`
	Company string `help:"Name of the company, when the store is empty." default:"Zhidan"`
}

func (c userCreateCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	t, err := tenantOf(ctx, s, c.Company)
	if err != nil {
		return err
	}
	dir, err := s.Staff.Directory(ctx, t.ID)
	if err != nil {
		return err
	}
	role, ok := dir.RoleByKey(c.Role)
	if !ok {
		return fmt.Errorf("there is no role %q", c.Role)
	}
	password, err := passwordFromStdin()
	if err != nil {
		return err
	}
	p, err := s.Staff.CreateUser(ctx, staff.System(t.ID), staff.NewUser{Email: c.Email, Name: c.Name, Password: password, Roles: []id.ID{role.ID}})
	if err != nil {
		return err
	}
	show(map[string]any{"id": p.ID, "email": p.Email, "name": p.Name, "role": c.Role}, p.ID.String())
	return nil
}

// tenantOf is the only tenant of the store; an empty store gets one.
func tenantOf(ctx context.Context, s *server.Server, name string) (staff.Tenant, error) {
	all, err := s.Staff.Tenants(ctx)
	if err != nil {
		return staff.Tenant{}, err
	}
	if len(all) == 0 {
		return s.Staff.CreateTenant(ctx, staff.NewTenant{Name: name})
	}
	return all[0], nil
}

// passwordFromStdin reads one line when something is piped in. A terminal is
// not asked: the password is then set with the first sign-in by an
// administrator.
func passwordFromStdin() (string, error) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return "", nil
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line != "" {
		return line, nil
	}
	if err != nil && err.Error() != "EOF" {
		return "", err
	}
	return "", nil
}

type tokenCreateCmd struct {
	store
	User string `required:"" help:"Address of the user."`
	Name string `required:"" help:"What the token is for."`
}

func (c tokenCreateCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	t, err := tenantOf(ctx, s, "Zhidan")
	if err != nil {
		return err
	}
	dir, err := s.Staff.Directory(ctx, t.ID)
	if err != nil {
		return err
	}
	p, ok := dir.UserByEmail(c.User)
	if !ok {
		return fmt.Errorf("there is no user %s", c.User)
	}
	secret, token, err := s.Staff.CreateToken(ctx, staff.System(t.ID), p.ID, staff.NewToken{Name: c.Name})
	if err != nil {
		return err
	}
	show(map[string]any{"id": token.ID, "token": secret}, secret)
	return nil
}
