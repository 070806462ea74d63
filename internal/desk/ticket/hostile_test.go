package ticket_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"zhidan/client"
	"zhidan/internal/desk/form"
)

var hostile = []string{
	`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `<svg/onload=alert(1)>`, `javascript:alert(1)`, `{{constructor.constructor('alert(1)')()}}`,
	`</script><script>alert(1)</script>`, `'; drop table ticket; --`, "=cmd|' /C calc'!A0", "\u202egnp.exe", "a\u2028b", "nul\x00byte", `\"}],"x":[{"y":"`, "<mark>x</mark>", "%s%n%x", "../../etc/passwd",
}

// Hostile words in every text that the API takes come back as the words they
// are, in JSON that no browser takes for anything else, and never as an error.
func TestHostileWords(t *testing.T) {
	each(t, func(t *testing.T, s *scene) {
		for i, x := range hostile {
			t.Run(fmt.Sprintf("%q", x), func(t *testing.T) {
				s := s.in(t)
				clean := strings.ReplaceAll(x, "\x00", "")
				line := strings.Join(strings.Fields(clean), " ")
				quiet := strings.Map(func(r rune) rune { // names of people take no invisible characters
					if r < ' ' || r == '\u202e' || r == '\u2028' {
						return -1
					}
					return r
				}, clean)
				tk, err := s.c.CreateTicket(ctx, client.NewTicket{Subject: x, Body: x, Requester: client.Requester{Name: quiet, Phone: fmt.Sprint(13411110000 + i)},
					Tags: []string{x}, Language: "zh", Fields: M{"order_no": x, "visit_address": x}, Type: "repair"})
				must(t, err)
				want(t, "subject", tk.Subject, line)
				want(t, "tag", tk.Tags[0], line)
				want(t, "field", tk.Fields["order_no"], any(strings.TrimSpace(clean)))
				for _, c := range []struct {
					action string
					in     any
				}{
					{"subject", M{"subject": x + "2"}}, {"tags", M{"add": []string{x + "3"}, "remove": []string{x}}}, {"fields", M{"fields": M{"fault_code": x}}},
					{"transfer", M{"assignee_id": s.Admin.ID.String(), "reason": x}},
					{"status", M{"status": "solved", "resolution": M{"code": "answered", "note": x}}},
					{"reopen", M{"reason": x}},
				} {
					if _, err := s.c.Act(ctx, tk.ID, c.action, c.in); err != nil {
						t.Fatalf("%s: %v", c.action, err)
					}
				}
				file, err := s.c.Upload(ctx, x, quiet, strings.NewReader(x))
				must(t, err)
				m, err := s.c.Say(ctx, tk.ID, client.NewMessage{Kind: "reply", HTML: "<p onclick=alert(1)>" + x + "</p>", Channel: quiet[:min(len(quiet), 30)], Attachments: []string{file.ID}})
				must(t, err)
				for _, bad := range []string{"<script", "onerror=", "onload=", "onclick=", "<svg", "src=x"} {
					if strings.Contains(m.HTML, bad) {
						t.Errorf("message HTML %q", m.HTML)
					}
				}
				if strings.ContainsAny(m.Attachments[0].Name, "/\\\x00\u202e") {
					t.Errorf("file name %q", m.Attachments[0].Name)
				}
				a := s.Call("GET", "/attachments/"+file.ID, nil)
				want(t, "file", a.Status, 200)
				want(t, "sniffing", a.Header.Get("X-Content-Type-Options"), "nosniff")
				want(t, "as a download", a.Header.Get("Content-Type"), "application/octet-stream")
				if d := a.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.ContainsAny(d, "\r\n<>\"") {
					t.Errorf("disposition %q", d)
				}
				_, err = s.c.CreateView(ctx, client.NewView{Name: client.Words{ZH: x, EN: x}, Scope: "own"})
				must(t, err)
				_, err = s.Forms.SaveField(ctx, s.Tenant, form.Field{Key: fmt.Sprint("hostile", i), Kind: form.Text, Name: form.Name{ZH: x, EN: x}})
				must(t, err)
				s.Settle()
				for _, path := range []string{"/tickets/" + tk.ID, "/tickets/" + tk.ID + "/timeline", "/tickets", "/views", "/config", "/tickets?q=alert"} {
					a := s.Call("GET", path, nil)
					want(t, path, a.Status, 200)
					want(t, "type", a.Header.Get("Content-Type"), "application/json")
					want(t, "sniffing", a.Header.Get("X-Content-Type-Options"), "nosniff")
					if !json.Valid(a.Body) {
						t.Errorf("%s is no JSON", path)
					}
				}
			})
		}
		t.Run("what an index cannot hold is refused by name", func(t *testing.T) {
			var long strings.Builder
			for i := range 3000 {
				long.WriteRune(rune(0x4e00 + i*7%20000))
			}
			_, err := s.c.CreateTicket(ctx, client.NewTicket{Body: "x", Requester: client.Requester{Name: "x"}, Fields: M{"order_no": long.String()}})
			refused(t, err, "422 fields.order_no too_long")
		})
	})
}
