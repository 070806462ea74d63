package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Words are a text in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// View is a saved list.
type View struct {
	ID       string   `json:"id"`
	Name     Words    `json:"name"`
	Scope    string   `json:"scope"` // shipped, own, team, role, shared
	Owner    string   `json:"owner_id"`
	SeenBy   []string `json:"seen_by"` // teams or roles
	Filter   string   `json:"filter"`
	Sort     string   `json:"sort"`
	Columns  []Column `json:"columns"`
	Folder   string   `json:"folder"`
	Position int      `json:"position"`
	Retired  bool     `json:"retired"`
	Version  int64    `json:"version"`
}

// Column is one column of a view's table.
type Column struct {
	Key   string `json:"key"`
	Width int    `json:"width,omitempty"`
}

// NewView saves a list, or changes one.
type NewView struct {
	Name     Words    `json:"name"`
	Scope    string   `json:"scope"` // own, team, role, shared
	SeenBy   []string `json:"seen_by,omitempty"`
	Filter   string   `json:"filter"`
	Sort     string   `json:"sort,omitempty"`
	Columns  []Column `json:"columns,omitempty"`
	Folder   string   `json:"folder,omitempty"`
	Position int      `json:"position,omitempty"`
	Retired  bool     `json:"retired,omitempty"`
}

// Views are the lists that one sees.
func (c *Client) Views(ctx context.Context) ([]View, error) {
	var v []View
	_, err := c.Call(ctx, http.MethodGet, "/views", nil, &v)
	return v, err
}

// CreateView saves a list.
func (c *Client) CreateView(ctx context.Context, in NewView, o ...Option) (View, error) {
	var v View
	_, err := c.Call(ctx, http.MethodPost, "/views", in, &v, o...)
	return v, err
}

// UpdateView changes a saved list.
func (c *Client) UpdateView(ctx context.Context, view string, in NewView, o ...Option) (View, error) {
	var v View
	_, err := c.Call(ctx, http.MethodPut, "/views/"+url.PathEscape(view), in, &v, o...)
	return v, err
}

// DeleteView deletes a saved list.
func (c *Client) DeleteView(ctx context.Context, view string) error {
	_, err := c.Call(ctx, http.MethodDelete, "/views/"+url.PathEscape(view), nil, nil)
	return err
}

// ViewCounts is how many tickets each list holds, by its id.
func (c *Client) ViewCounts(ctx context.Context) (map[string]Count, error) {
	n := map[string]Count{}
	_, err := c.Call(ctx, http.MethodGet, "/views/counts", nil, &n)
	return n, err
}

// NewBulk is one action on many tickets: by their ids, or all of a condition.
type NewBulk struct {
	Action string   `json:"action"`
	Input  any      `json:"input,omitempty"`
	IDs    []string `json:"ids,omitempty"`
	Filter string   `json:"filter,omitempty"`
	View   string   `json:"view_id,omitempty"`
	Q      string   `json:"q,omitempty"`
}

// Bulk is how far a bulk change is.
type Bulk struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	State  string `json:"state"` // running, done, cancelled
	Total  int    `json:"total"`
	Done   int    `json:"done"`
	Failed int    `json:"failed"`
	Errors []struct {
		Ticket  string `json:"ticket_id"`
		Number  string `json:"number"`
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
	Undo       string     `json:"undo_id"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// StartBulk begins a bulk change and returns at once.
func (c *Client) StartBulk(ctx context.Context, in NewBulk, o ...Option) (Bulk, error) {
	var b Bulk
	_, err := c.Call(ctx, http.MethodPost, "/bulk", in, &b, o...)
	return b, err
}

// Bulk reads how far one is.
func (c *Client) Bulk(ctx context.Context, bulk string) (Bulk, error) {
	var b Bulk
	_, err := c.Call(ctx, http.MethodGet, "/bulk/"+url.PathEscape(bulk), nil, &b)
	return b, err
}

// CancelBulk stops one; what it has done stays until it is undone.
func (c *Client) CancelBulk(ctx context.Context, bulk string) (Bulk, error) {
	var b Bulk
	_, err := c.Call(ctx, http.MethodPost, "/bulk/"+url.PathEscape(bulk)+"/cancel", nil, &b)
	return b, err
}

// Identity is an address of a customer. Display is masked.
type Identity struct {
	ID       string `json:"id,omitempty"`
	Kind     string `json:"kind"`
	Value    string `json:"value,omitempty"` // only when it is given
	Display  string `json:"display,omitempty"`
	Verified bool   `json:"verified,omitempty"`
}

// Customer is a person whom the company serves.
type Customer struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Tier       string         `json:"tier"`
	Company    *Ref           `json:"company"`
	Tags       []string       `json:"tags"`
	Note       string         `json:"note"`
	Language   string         `json:"language"`
	Fields     map[string]any `json:"fields"`
	Identities []Identity     `json:"identities"`
	Tickets    int            `json:"ticket_count"`
	Open       int            `json:"open_ticket_count"`
	Last       *time.Time     `json:"last_contact_at"`
	CreatedAt  time.Time      `json:"created_at"`
	Version    int64          `json:"version"`
	MergedInto string         `json:"merged_into"`
}

// NewCustomer is a person to be known.
type NewCustomer struct {
	Name       string         `json:"name,omitempty"`
	Tier       string         `json:"tier,omitempty"`
	Company    string         `json:"company_id,omitempty"`
	Tags       []string       `json:"tags,omitempty"`
	Note       string         `json:"note,omitempty"`
	Language   string         `json:"language,omitempty"`
	Fields     map[string]any `json:"fields,omitempty"`
	Identities []Identity     `json:"identities,omitempty"`
}

// Customers lists and searches.
func (c *Client) Customers(ctx context.Context, q string, limit int, cursor string) (List[Customer], error) {
	var l List[Customer]
	_, err := c.Call(ctx, http.MethodGet, "/customers"+query("q", q, "limit", number(limit), "cursor", cursor), nil, &l)
	return l, err
}

// Customer reads one.
func (c *Client) Customer(ctx context.Context, customer string) (Customer, error) {
	var x Customer
	_, err := c.Call(ctx, http.MethodGet, "/customers/"+url.PathEscape(customer), nil, &x)
	return x, err
}

// CreateCustomer makes one known.
func (c *Client) CreateCustomer(ctx context.Context, in NewCustomer, o ...Option) (Customer, error) {
	var x Customer
	_, err := c.Call(ctx, http.MethodPost, "/customers", in, &x, o...)
	return x, err
}

// UpdateCustomer changes what is named.
func (c *Client) UpdateCustomer(ctx context.Context, customer string, changes map[string]any, o ...Option) (Customer, error) {
	var x Customer
	_, err := c.Call(ctx, http.MethodPatch, "/customers/"+url.PathEscape(customer), changes, &x, o...)
	return x, err
}
