package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhidan/internal/channel"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/id"
	"zhidan/internal/zhidantest"
)

// TestErasedWordsAreGone plants a word everywhere that people write about a
// customer, erases the customer, and looks for the word in every column of
// every table, in the files, and on SQLite in the bytes of the store.
func TestErasedWordsAreGone(t *testing.T) {
	const word = "quuxplant"
	zhidantest.Each(t, func(t *testing.T, h *zhidantest.House) {
		type m = map[string]any
		call := func(status int, method, path string, body any) id.ID {
			t.Helper()
			a := h.Call(method, path, body)
			if a.Status != status {
				t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
			}
			var made struct {
				ID id.ID `json:"id"`
			}
			if bytes.HasPrefix(a.Body, []byte(`{`)) {
				a.JSON(t, &made)
			}
			return made.ID
		}
		who := m{"name": "Q " + word, "email": word + "@example.com"}
		opened := 0
		open := func(subject string, who m) id.ID {
			t.Helper()
			opened++
			a := h.Call("POST", "/tickets", m{"subject": subject, "body": subject + " 冰箱不制冷", "requester": who, "type": "repair", "fields": m{"order_no": subject}}, "Idempotency-Key", fmt.Sprintf("open-%d", opened))
			var made struct {
				ID id.ID `json:"id"`
			}
			if a.JSON(t, &made); a.Status != http.StatusCreated {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			return made.ID
		}
		x := open(word+" one", who)
		second := open(word+" two", who)
		merged := open(word+" three", who)
		other := open("somebody else", m{"name": "R", "email": "r@example.com"})
		into := open("of somebody else", m{"name": "R", "email": "r@example.com"})
		of := "/tickets/" + x.String()
		h.Settle()

		file := h.Call("POST", "/attachments?name="+word+".txt", []byte("a file with "+word), "Content-Type", "text/plain")
		var attachment struct {
			ID id.ID `json:"id"`
		}
		file.JSON(t, &attachment)
		call(201, "POST", of+"/messages", m{"kind": "reply", "body": "dear " + word, "attachment_ids": []id.ID{attachment.ID}})
		call(201, "POST", of+"/messages", m{"kind": "note", "body": "note " + word})
		call(200, "PUT", of+"/draft", m{"kind": "reply", "text": "draft " + word})
		call(200, "POST", of+"/transfer", m{"assignee_id": h.Admin.ID, "reason": "because " + word})
		call(200, "POST", of+"/sla/urge", m{"words": "urge " + word})
		call(200, "POST", of+"/sla/chase", m{"words": "chase " + word})
		extension := call(201, "POST", of+"/sla/extension", m{"metric": "resolution", "minutes": 60, "reason": "parts for " + word})
		call(200, "POST", "/sla/extensions/"+extension.String()+"/decision", m{"approve": true, "note": "granted to " + word})
		order := call(201, "POST", of+"/sla/supervise", m{"words": "call " + word, "minutes": 60})
		call(200, "POST", "/sla/supervisions/"+order.String()+"/reply", m{"words": "called " + word})
		colleague := h.User("c@example.com", "C", staff.Agent)
		call(201, "POST", "/roster/handovers", m{"to_id": colleague.ID, "note": "", "tickets": []m{{"ticket_id": x, "note": "ask " + word}, {"ticket_id": other, "note": "stays"}}})
		call(202, "POST", "/bulk", m{"action": "priority", "input": m{"priority": "high"}, "ids": []id.ID{x, second}})
		call(200, "POST", "/tickets/"+merged.String()+"/merge", m{"into": into})
		h.Clock.Advance(40 * 24 * time.Hour)
		h.Settle()
		call(200, "POST", of+"/sla/breach-reason", m{"metric": "resolution", "reason": "other", "note": "waited for " + word})
		call(200, "POST", of+"/status", m{"status": "solved", "resolution": m{"code": "repaired", "note": "mended for " + word}})
		for _, size := range []int{100, 100_000} {
			raw := fmt.Sprintf("From: %s <%s@example.com>\r\nTo: desk@example.com\r\nSubject: mail %s\r\nMessage-ID: <%d.%s@example.com>\r\n\r\n%s %s\r\n", word, word, word, size, word, word, strings.Repeat("mail ", size/5))
			if _, err := h.Intake.Accept(t.Context(), channel.Arrival{Tenant: h.Tenant, Channel: "desk", Kind: "email", Raw: strings.NewReader(raw)}); err != nil {
				t.Fatal(err)
			}
		}
		h.Settle()
		if err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for _, q := range []string{
				`insert into understand_extra (tenant_id, ticket_id, kind, ref, data, at) values ($1, $2, 'summary', 0, '{"lines":["` + word + `"]}', 0)`,
				`insert into understand_incident (tenant_id, id, state, title, words, count, customers, expected, score, since, created_at, updated_at)
					values ($1, $2, 'proposed', 'down ` + word + `', '["` + word + `"]', 2, 2, 0, 1, 0, 0, 0)`,
				`insert into understand_incident_ticket (tenant_id, incident_id, ticket_id) values ($1, $2, $2)`,
			} {
				if _, err := tx.Exec(ctx, q, h.Tenant, x); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `insert into understand_incident_ticket (tenant_id, incident_id, ticket_id) values ($1, $2, $3)`, h.Tenant, x, other)
			return err
		}); err != nil {
			t.Fatal(err)
		}

		before := planted(t, h, word)
		for _, table := range []string{"ticket", "ticket_message", "ticket_event_text", "ticket_attachment", "ticket_draft", "ticket_undo", "ticket_undo_item", "sla_extension", "sla_supervision",
			"sla_clock", "roster_handover", "inbound_raw", "understand_extra", "understand_incident"} {
			if !slices.Contains(before, table) {
				t.Errorf("nothing was planted in %s: %v", table, before)
			}
		}
		if n := files(t, h, word); n != 2 {
			t.Errorf("the word is in %d files", n)
		}

		list, err := h.Desk.Load(t.Context(), h.Tenant, []id.ID{x})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Customers.Erase(t.Context(), h.Admin, list[0].Requester); err != nil {
			t.Fatal(err)
		}
		h.Settle()
		if left := planted(t, h, word); len(left) > 0 {
			t.Errorf("the word is still in %v", left)
		}
		if n := files(t, h, word); n != 0 {
			t.Errorf("the word is still in %d files", n)
		}
		// What was done stays, and so does what is somebody else's.
		var tk struct {
			Subject    string
			Status     string
			Resolution struct{ Code string }
		}
		h.Call("GET", of, nil).JSON(t, &tk)
		if tk.Subject != "" || tk.Status != "solved" || tk.Resolution.Code != "repaired" {
			t.Errorf("%+v", tk)
		}
		if a := h.Call("GET", of+"/timeline", nil); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		var incident struct{ Title string }
		h.Call("GET", "/incidents/"+x.String(), nil).JSON(t, &incident)
		if !strings.Contains(incident.Title, "somebody") {
			t.Errorf("the incident is named %q", incident.Title)
		}
		var found struct{ Items []struct{ ID id.ID } }
		h.Call("GET", "/tickets?q=somebody", nil).JSON(t, &found)
		if len(found.Items) != 2 {
			t.Errorf("tickets of others: %+v", found)
		}

		if h.DB.Engine() == db.SQLite {
			h.Close()
			raw, err := os.ReadFile(strings.TrimPrefix(h.Config.Database.Reveal(), "sqlite:"))
			if err != nil {
				t.Fatal(err)
			}
			if i := bytes.Index(raw, []byte(word)); i >= 0 {
				t.Errorf("the bytes of the store still hold it, %d times: %q", bytes.Count(raw, []byte(word)), raw[max(0, i-60):min(len(raw), i+60)])
			}
		}
	})
}

// planted are the tables of which some row holds a word.
func planted(t *testing.T, h *zhidantest.House, word string) []string {
	t.Helper()
	ctx := t.Context()
	names := `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`
	if h.DB.Engine() == db.Postgres {
		names = `select tablename from pg_tables where schemaname = 'public'`
	}
	rows, err := h.DB.Query(ctx, names)
	tables, err := db.Each(rows, err, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) })
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, table := range tables {
		rows, err := h.DB.Query(ctx, `select * from `+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		hit := false
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				var text string
				switch x := (*v.(*any)).(type) {
				case []byte:
					text = string(x)
				default:
					text = fmt.Sprint(x)
				}
				hit = hit || strings.Contains(text, word) || strings.Contains(text, hex.EncodeToString([]byte(word)))
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if hit {
			out = append(out, table)
		}
	}
	return out
}

// files is how many stored contents hold a word.
func files(t *testing.T, h *zhidantest.House, word string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(h.Config.Data, "blobs"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(word)) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
