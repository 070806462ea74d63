package customer_test

import (
	"path/filepath"
	"testing"

	"zhidan/internal/desk/customer"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/clock"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/secret"
)

const (
	noon   = clock.Time(1_795_000_000_000)
	tenant = id.ID(1)
)

var ids = id.NewSource(1, nil)

func open(t testing.TB, d *db.DB) *customer.Book {
	t.Helper()
	now := clock.At(noon)
	v, err := secret.Open(t.Context(), secret.Config{DB: d, IDs: ids, Clock: now, MasterFile: filepath.Join(t.TempDir(), "master.key")})
	if err != nil {
		t.Fatal(err)
	}
	return customer.New(customer.Config{DB: d, IDs: ids, Clock: now, Vault: v})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func resolve(t testing.TB, b *customer.Book, in customer.Contact) *customer.Customer {
	t.Helper()
	c, _, err := b.Resolve(t.Context(), tenant, in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// agent may do all of this with the given reach.
func agent(s staff.Scope) *staff.Actor {
	return &staff.Actor{Tenant: tenant, Kind: staff.KindStaff, ID: 900, Name: "坐席", Grants: map[staff.Permission]staff.Scope{
		customer.Read: s, customer.Update: s, customer.Merging: s, customer.Revealing: s,
	}}
}

func ptr[T any](v T) *T { return &v }

// refused asserts the kind, code and field of a fault.
func refused(t testing.TB, err error, kind fault.Kind, code, field string) {
	t.Helper()
	f := first(err)
	if f == nil || f.Kind != kind || f.Code != code || f.Field != field {
		t.Errorf("want %s in field %q, got %v", code, field, err)
	}
}

func first(err error) *fault.Error {
	switch e := err.(type) {
	case *fault.Error:
		return e
	case fault.List:
		return e[0]
	}
	return nil
}
