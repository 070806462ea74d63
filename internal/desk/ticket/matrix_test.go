package ticket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zhidan/client"
	"zhidan/internal/desk/form"
	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
)

// route is a row of the matrix: on which thing the operation works, with what
// body, and what it answers to
//
//	own     somebody who holds every right on tickets and customers, but only
//	        for what is theirs; the thing is not
//	lead    a supervisor of another department
//	foreign the administrator of another company
//	admin   the administrator
//
// in this order, on the same thing. Without a token every row answers 401.
type route struct {
	operation, thing, answers, body string
}

// askOnly are operations of administrators that change nothing.
var askOnly = map[string]bool{"POST /routing/check": true, "POST /routing/try": true, "POST /understanding/patterns/learn": true, "POST /understanding/read": true,

	"POST /calendars/tables/{table}/import": true /* the row is a dry run */, "POST /roster/copy": true /* so is this */}

// traces counts what the audit trail holds.
func (s *scene) traces() int {
	s.t.Helper()
	events, err := s.Staff.Events(ctx, s.Tenant, staff.EventFilter{}, 100_000)
	must(s.t, err)
	return len(events)
}

// public operations need nobody to be signed in: what they answer to anybody.
var public = map[string]int{"POST /session": 401, "GET /setup": 200, "POST /setup": 422,

	"GET /brand": 200, "GET /brand/logo/{hash}": 404} // with two companies, by an address of neither

var matrix = []route{
	{"GET /actions", "", "200 200 200 200", ""},
	{"GET /agents/states", "", "403 200 200 200", ""},
	{"PUT /agents/{id}/state", "user", "403 404 404 200", `{"state":"busy"}`},
	{"GET /agents/{id}/state-history?from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z", "user", "403 404 404 200", ""},
	{"POST /attachments", "", "201 201 201 201", "raw"},
	{"GET /attachments/{id}", "file", "404 404 404 200", ""},
	{"GET /audit", "", "403 403 200 200", ""},
	{"GET /audit.csv", "", "403 403 200 200", ""},
	{"POST /bulk", "ticket", "202 202 202 202", `{"action":"priority","input":{"priority":"high"},"ids":["{id}"]}`},
	{"GET /bulk/{id}", "bulk", "404 404 404 200", ""},
	{"POST /bulk/{id}/cancel", "bulk", "404 404 404 200", ""},
	{"GET /blocklist", "", "200 200 200 200", ""}, // the permission has no scope
	{"POST /blocklist", "", "201 201 201 201", `{"kind":"email","value":"{new}@example.com","reason":"x"}`},
	{"PATCH /blocklist/{id}", "block", "200 200 404 200", `{"reason":"x"}`},
	{"DELETE /blocklist/{id}", "block", "204 404 404 404", ""}, // the first has taken it off
	{"GET /callers?phone=13800138000", "", "200 200 200 200", ""},
	{"GET /calendars", "", "200 200 200 200", ""},
	{"POST /calendars", "", "403 403 201 201", `{"key":"{new}","name":{"zh":"x","en":""},"zone":"Asia/Shanghai","week":[[],[],[],[],[],[],[]]}`},
	{"GET /calendars/assignment", "", "200 200 200 200", ""},
	{"PUT /calendars/assignment", "calendar", "403 403 422 200", `{"tenant":"{id}","departments":{},"teams":{}}`},
	{"GET /calendars/tables", "", "200 200 200 200", ""},
	{"POST /calendars/tables/{table}/import", "holiday table", "403 403 200 200", `{"format":"shipped","dry_run":true}`},
	{"POST /calendars/tables/{table}/undo", "holiday table", "403 403 409 200", ""},
	{"POST /calendars/test", "calendar", "200 200 422 200", `{"calendar_id":"{id}","from":"2026-11-21T00:00:00Z","hours":1}`},
	{"GET /calendars/{id}", "calendar", "200 200 404 200", ""},
	{"PUT /calendars/{id}", "calendar", "403 403 404 200", `{"key":"{key}","name":{"zh":"x","en":""},"zone":"Asia/Shanghai","week":[[],[],[],[],[],[],[]]}`},
	{"GET /calendars/{id}/year?year=2026", "calendar", "200 200 404 200", ""},
	{"GET /companies", "", "200 200 200 200", ""},
	{"POST /companies", "", "201 201 201 201", `{"name":"{new}"}`},
	{"GET /companies/{id}", "company", "404 200 404 200", ""},
	{"PATCH /companies/{id}", "company", "404 403 404 200", `{"note":"x"}`},
	{"GET /companies/{id}/contacts", "company", "404 200 404 200", ""},
	{"GET /companies/{id}/tickets", "company", "200 200 200 200", ""}, // only those within reach
	{"PATCH /company", "", "403 403 200 200", `{"name":"{new}"}`},
	{"PUT /company/logo", "", "403 403 422 422", "raw"}, // which is no picture
	{"GET /config", "", "200 200 200 200", ""},
	{"POST /config/categories", "", "403 403 201 201", `{"name":{"zh":"{new}","en":""},"position":1,"retired":false}`},
	{"PUT /config/categories/{id}", "category", "403 403 404 200", `{"name":{"zh":"{new}","en":""},"position":1,"retired":false}`},
	{"POST /config/codes", "", "403 403 201 201", `{"list":"cause","key":"{new}","name":{"zh":"x","en":""},"position":1,"retired":false}`},
	{"PUT /config/codes/{id}", "code", "403 403 404 200", `{"list":"hold_reason","key":"part","name":{"zh":"x","en":""},"position":1,"retired":false}`},
	{"POST /config/fields", "", "403 403 201 201", `{"key":"{new}","kind":"text","name":{"zh":"x","en":""},"position":1,"retired":false,"indexed":false,"personal":false}`},
	{"POST /config/order", "category", "403 403 422 204", `{"kind":"category","ids":["{id}"]}`},
	{"PUT /config/rules", "", "403 403 200 200", `{"number_pattern":"{type}{yymmdd}-{seq:4}","undo_send_seconds":10,"undo_hours":24,"auto_close_hours":72,"reopen_days":7,"repeat_days":7,"demands":[]}`},
	{"PUT /config/fields/{id}", "field", "403 403 404 200", `{"key":"order_no","kind":"text","name":{"zh":"x","en":""},"position":1,"retired":false,"indexed":true,"personal":false}`},
	{"POST /config/scenes", "", "403 403 201 201", `{"name":{"zh":"{new}","en":""},"type":"repair","position":1,"retired":false}`},
	{"PUT /config/scenes/{id}", "scene", "403 403 404 200", `{"name":{"zh":"{new}","en":""},"type":"repair","position":1,"retired":false}`},
	{"POST /config/substatuses", "", "403 403 201 201", `{"status":"open","name":{"zh":"{new}","en":""},"position":1,"retired":false}`},
	{"PUT /config/substatuses/{id}", "substatus", "403 403 404 200", `{"status":"open","name":{"zh":"{new}","en":""},"position":1,"retired":false}`},
	{"POST /config/types", "", "403 403 201 201", `{"key":"{new}","prefix":"Q","name":{"zh":"x","en":""},"form":{"fields":[]},"position":1,"retired":false}`},
	{"PUT /config/types/{id}", "type", "403 403 404 200", `{"key":"praise","prefix":"BY","name":{"zh":"x","en":""},"form":{"fields":[]},"position":1,"retired":false}`},
	{"GET /customers", "", "200 200 200 200", ""},
	{"POST /customers", "", "201 201 201 201", `{"name":"{new}"}`},
	{"POST /customers/merges/{undo_id}/undo", "customer merge", "404 403 404 200", ""},
	{"GET /customers/{id}", "customer", "404 200 404 200", ""},
	{"PATCH /customers/{id}", "customer", "404 403 404 200", `{"note":"x"}`},
	{"PUT /customers/{id}/block", "customer", "404 200 404 200", `{"reason":"x"}`},
	{"DELETE /customers/{id}/block", "customer", "404 204 404 204", ""},
	{"PUT /customers/{id}/care", "customer", "404 403 404 200", `{"reason":"x"}`},
	{"DELETE /customers/{id}/care", "customer", "404 403 404 204", ""},
	{"GET /customers/{id}/history", "customer", "404 200 404 200", ""},
	{"GET /customers/{id}/merges", "customer", "404 200 404 200", ""},
	{"POST /customers/{id}/identities/{identity_id}/verify", "customer", "404 403 404 204", ""},
	{"POST /customers/{id}/identities", "customer", "404 403 404 201", `{"kind":"email","value":"{new}@example.com"}`},
	{"DELETE /customers/{id}/identities/{identity_id}", "customer", "404 403 404 204", ""},
	{"POST /customers/{id}/identities/{identity_id}/reveal", "customer", "404 403 404 200", ""},
	{"POST /customers/{id}/merge", "customer", "404 403 404 200", `{"into":"{other}"}`},
	{"GET /customers/{id}/tickets", "customer", "200 200 200 200", ""}, // only those within reach
	{"GET /customers/{id}/timeline", "customer", "200 200 200 200", ""},
	{"GET /exports", "", "200 200 200 200", ""},
	{"POST /exports", "", "403 201 201 201", `{"what":"ticket","format":"csv","filter":"number == \"{new}\""}`},
	{"GET /exports/columns?what=customer", "", "403 200 200 200", ""},
	{"GET /exports/{id}", "export", "404 404 404 200", ""}, // who may read the audit trail reads others' too
	{"POST /exports/{id}/cancel", "export", "404 404 404 200", ""},
	{"DELETE /exports/{id}", "export", "404 404 404 204", ""},
	{"GET /exports/{id}/file?token=x", "export", "403 404 404 403", ""},
	{"GET /imports", "", "200 200 200 200", ""},
	{"POST /imports?what=customer&name=a.csv", "", "403 403 422 422", "raw"}, // which has no rows
	{"GET /imports/targets?what=customer", "", "403 403 200 200", ""},
	{"GET /imports/mappings?what=customer", "", "403 403 200 200", ""},
	{"POST /imports/mappings", "", "403 403 204 204", `{"what":"customer","name":"{new}","columns":{"a":"name"}}`},
	{"DELETE /imports/mappings?what=customer&name=x", "", "403 403 204 204", ""},
	{"GET /imports/{id}", "import", "403 403 404 200", ""},
	{"PUT /imports/{id}", "import", "403 403 404 200", `{"columns":["name"],"duplicates":"skip"}`},
	{"GET /imports/{id}/preview", "import", "403 403 404 200", ""},
	{"POST /imports/{id}/check", "import", "403 403 404 200", ""},
	{"POST /imports/{id}/run", "import", "403 403 404 200", ""},
	{"POST /imports/{id}/pause", "import", "403 403 404 409", ""},
	{"POST /imports/{id}/cancel", "import", "403 403 404 200", ""},
	{"POST /imports/{id}/undo", "import", "403 403 404 409", ""},
	{"GET /imports/{id}/errors", "import", "403 403 404 200", ""},
	{"GET /imports/{id}/kept", "import", "403 403 404 200", ""},
	{"GET /imports/{id}/errors/file", "import", "403 403 404 200", ""},
	{"GET /jobs/parked", "", "403 403 200 200", ""},
	{"POST /jobs/parked/{id}/retry", "nothing", "403 403 404 404", ""},
	{"POST /jobs/parked/{id}/skip", "nothing", "403 403 404 404", ""},
	{"GET /incidents", "", "200 200 200 200", ""}, // their tickets only within reach
	{"GET /incidents/{id}", "incident", "200 200 404 200", ""},
	{"POST /incidents/{id}/accept", "incident", "403 403 404 200", `{"subject":"x"}`},
	{"POST /incidents/{id}/dismiss", "incident", "403 403 404 200", ""},
	{"GET /live", "", "200 200 200 200", ""},
	{"GET /me", "", "200 200 200 200", ""},
	{"PATCH /me", "", "200 200 200 200", `{"name":"我"}`},
	{"GET /me/notifications", "", "200 200 200 200", ""},
	{"PUT /me/notifications", "", "200 200 200 200", `{"sound":true,"desktop":false}`},
	{"POST /me/push-subscriptions", "", "201 201 201 201", `{"endpoint":"https://push.example.com/{new}","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}`},
	{"DELETE /me/push-subscriptions/{id}", "push subscription", "404 404 404 204", ""},
	{"GET /me/new-ticket", "", "200 200 200 200", ""},
	{"PUT /me/new-ticket", "", "200 200 200 200", `{"form":{"body":"x"}}`},
	{"DELETE /me/new-ticket", "", "204 204 204 204", ""},
	{"POST /me/password", "", "422 422 422 422", `{"old":"x","new":"correct horse battery staple"}`},
	{"GET /me/sessions", "", "200 200 200 200", ""},
	{"DELETE /me/sessions/{id}", "session", "404 404 404 204", ""},
	{"GET /me/plan?from=2026-11-21&to=2026-11-27", "", "200 200 200 200", ""},
	{"GET /me/state", "", "200 200 200 200", ""},
	{"PUT /me/state", "", "200 200 200 200", `{"state":"busy"}`},
	{"GET /me/tokens", "", "200 200 200 200", ""},
	{"POST /me/tokens", "", "201 201 201 201", `{"name":"x"}`},
	{"DELETE /me/tokens/{id}", "token of the administrator", "404 404 404 204", ""},
	{"GET /notifications", "", "200 200 200 200", ""},
	{"GET /notifications/count", "", "200 200 200 200", ""},
	{"GET /notifications/events", "", "200 200 200 200", ""},
	{"POST /notifications/read", "", "200 200 200 200", `{"ids":["1"]}`}, // only one's own
	{"GET /notify/channels", "", "403 403 200 200", ""},
	{"GET /notify/channels/{key}", "channel", "403 403 404 200", ""},
	{"PUT /notify/channels/{key}", "channel", "403 403 200 200", `{"kind":"mail","name":"x","active":false}`},
	{"POST /notify/channels/{key}/test", "channel", "403 403 422 422", `{"to":"a@example.com"}`}, // of which nothing is set yet
	{"GET /notify/deliveries", "", "403 403 200 200", ""},
	{"POST /notify/deliveries/{id}/retry", "nothing", "403 403 404 404", ""},
	{"GET /notify/templates", "", "403 403 200 200", ""},
	{"PUT /notify/templates", "", "403 403 200 200", `{"event":"assigned","locale":"en","title":"{number}","text":"x"}`},
	{"GET /quarantine", "", "403 403 200 200", ""},
	{"DELETE /quarantine/{id}", "nothing", "403 403 404 404", ""},
	{"GET /quarantine/{id}", "nothing", "403 403 404 404", ""},
	{"GET /quarantine/{id}/raw", "nothing", "403 403 404 404", ""},
	{"POST /quarantine/{id}/retry", "nothing", "403 403 404 404", ""},
	{"GET /report/facts", "", "403 403 200 200", ""},
	{"POST /report/facts", "", "403 403 202 202", ""},
	{"GET /report/today", "", "403 200 200 200", ""}, // within reach
	{"GET /report/today/export", "", "403 200 200 200", ""},
	{"GET /report/today/tickets?figure=created", "", "403 200 200 200", ""},
	{"GET /quick-replies", "", "200 200 200 200", ""},
	{"POST /quick-replies", "", "201 201 201 201", `{"scope":"own","name":"{new}","zh":"x"}`},
	{"DELETE /quick-replies/{id}", "quick reply", "403 403 404 204", ""},
	{"PUT /quick-replies/{id}", "quick reply", "403 403 404 200", `{"scope":"shared","name":"{new}","zh":"x"}`},
	{"POST /quick-replies/{id}/use", "quick reply", "204 204 404 204", ""},
	{"GET /roster/adherence?from=2026-11-21&to=2026-11-27", "", "403 200 200 200", ""}, // of those within reach
	{"PUT /roster/cells", "user", "403 422 422 200", `{"cells":[{"user_id":"{id}","day":"2026-12-01","items":[{"kind":"off"}]}]}`},
	{"POST /roster/copy", "user", "403 422 422 200", `{"from":"2026-12-01","to":"2026-12-08","days":7,"user_ids":["{id}"],"dry_run":true}`},
	{"GET /roster/export?from=2026-11-21&to=2026-11-27", "", "403 200 200 200", ""},
	{"POST /roster/fill", "rotation", "403 422 422 200", `{"rotation_id":"{id}","people":[{"user_id":"{user}","offset":0}],"from":"2026-12-01","to":"2026-12-07"}`},
	{"GET /roster/handovers", "", "200 200 200 200", ""},
	{"POST /roster/handovers", "user", "422 422 422 201", `{"to_id":"{id}","note":"x","tickets":[]}`},
	{"POST /roster/handovers/{id}/judge", "hand-over", "404 404 404 200", `{"state":"withdrawn"}`},
	{"POST /roster/import?dry_run=true", "", "403 422 422 422", "raw"}, // which is no table
	{"GET /roster/leaves", "", "200 200 200 200", ""},
	{"POST /roster/leaves", "user", "422 422 422 201", `{"user_id":"{id}","kind":"annual","from":"2026-12-01T00:00:00Z","to":"2026-12-02T00:00:00Z"}`},
	{"POST /roster/leaves/{id}/judge", "leave", "404 404 404 200", `{"state":"withdrawn"}`},
	{"GET /roster/plan?from=2026-11-21&to=2026-11-27", "", "403 200 200 200", ""},
	{"GET /roster/publications", "", "403 200 200 200", ""},
	{"POST /roster/publications/{id}/undo", "publication", "403 404 404 200", ""},
	{"POST /roster/publish", "user", "403 422 422 409", `{"from":"2026-12-01","to":"2026-12-02","user_ids":["{id}"]}`}, // nothing waits
	{"GET /roster/rotations", "", "200 200 200 200", ""},
	{"POST /roster/rotations", "shift", "403 201 422 201", `{"name":"{new}","pattern":["{id}",""],"anchor":"2026-11-23"}`},
	{"PUT /roster/rotations/{id}", "rotation", "403 200 404 200", `{"name":"{new}","pattern":[""],"anchor":"2026-11-23"}`},
	{"GET /roster/settings", "", "200 200 200 200", ""},
	{"PUT /roster/settings", "", "403 403 200 200", `{"grace_seconds":60,"break_minutes_per_day":60,"no_work_states":["busy","offline"],"min_rest_minutes":0,"max_shift_minutes":600,"max_week_minutes":0,"swap_needs_approval":true}`},
	{"GET /routing/agents", "", "200 200 200 200", ""}, // only those within reach
	{"POST /routing/agents/{id}/leave", "user", "403 403 404 202", `{"reason":"x"}`},
	{"GET /routing/balance?from=2026-11-01T00:00:00Z&to=2026-11-22T00:00:00Z", "", "403 200 200 200", ""}, // only those within reach
	{"POST /routing/check", "", "403 200 200 200", `{"name":"x","rules":[]}`},
	{"GET /routing/factors", "", "403 200 200 200", ""},
	{"GET /routing/sets", "", "403 200 200 200", ""},
	{"POST /routing/sets", "", "403 201 201 201", `{"name":"x","rules":[]}`},
	{"GET /routing/sets/{version}", "rule set", "403 200 200 200", ""}, // each their own shipped one
	{"POST /routing/sets/{version}/state", "rule set", "403 200 200 200", `{"state":"active"}`},
	{"GET /routing/shadow", "", "403 200 200 200", ""},
	{"GET /routing/simulations", "", "403 200 200 200", ""},
	{"POST /routing/simulations", "", "403 202 202 202", `{"version":1,"days":1}`},
	{"DELETE /routing/simulations/{id}", "simulation", "403 204 404 204", ""},
	{"GET /routing/simulations/{id}", "simulation", "403 200 404 200", ""},
	{"POST /routing/preview", "", "200 200 200 200", `{"body":"x","requester":{"name":"客户"}}`},
	{"POST /routing/try", "ticket", "403 404 404 200", `{"ticket_id":"{id}"}`},
	{"GET /routing/alerts", "", "200 200 200 200", ""}, // only those within reach
	{"GET /routing/moves/{id}", "nothing", "404 404 404 404", ""},
	{"POST /routing/moves/{id}/undo", "nothing", "404 404 404 404", ""},
	{"GET /routing/offers", "", "200 200 200 200", ""}, // one's own
	{"GET /routing/profiles/{id}", "user", "403 200 404 200", ""},
	{"PUT /routing/profiles/{id}", "user", "403 200 404 200", `{}`},
	{"GET /routing/queue", "", "200 200 200 200", ""}, // only those within reach
	{"GET /routing/queues", "", "200 200 200 200", ""},
	{"GET /routing/recent", "", "200 200 200 200", ""}, // only those within reach
	{"DELETE /session", "", "409 409 409 409", ""},     // a token is no session
	{"GET /signatures", "", "200 200 200 200", ""},
	{"POST /signatures", "", "201 201 201 201", `{"scope":"own","name":"{new}","zh":"x"}`},
	{"DELETE /signatures/{id}", "signature", "403 403 404 204", ""},
	{"PUT /signatures/{id}", "signature", "403 403 404 200", `{"scope":"shared","name":"{new}","zh":"x"}`},
	{"POST /session/view", "user", "403 403 409 409", `{"user_id":"{id}"}`}, // a token is no session
	{"DELETE /session/view", "", "409 409 409 409", ""},
	{"GET /system", "", "403 403 200 200", ""},
	{"GET /sla/extensions", "", "200 200 200 200", ""}, // only those within reach
	{"POST /sla/extensions/{id}/decision", "extension", "403 404 404 200", `{"approve":false}`},
	{"GET /sla/policies", "", "200 200 200 200", ""},
	{"POST /sla/policies", "", "403 403 201 201", `{"name":"x","when":"number == \"none\"","targets":[]}`},
	{"GET /sla/policies/{id}", "policy", "200 200 404 200", ""},
	{"PUT /sla/policies/{id}", "policy", "403 403 404 200", `{"name":"x","when":"number == \"none\"","targets":[]}`},
	{"GET /sla/policies/{id}/versions", "policy", "403 403 404 200", ""},
	{"POST /sla/renew", "", "403 403 202 202", ""},
	{"GET /sla/report?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", "", "403 200 200 200", ""}, // within reach
	{"GET /sla/report.csv?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", "", "403 200 200 200", ""},
	{"GET /sla/soon", "", "200 200 200 200", ""}, // only those within reach
	{"GET /roster/swaps", "", "200 200 200 200", ""},
	{"POST /roster/swaps", "user", "422 422 422 422", `{"day":"2026-12-01","other_id":"{id}","other_day":"2026-12-01"}`}, // nobody has a shift
	{"POST /roster/swaps/{id}/judge", "swap", "404 404 404 409", `{"state":"approved"}`},                                 // the other has not said yes
	{"GET /roster/templates", "", "200 200 200 200", ""},
	{"POST /roster/templates", "", "403 201 201 201", `{"name":"{new}","from":"09:00","to":"18:00"}`},
	{"PUT /roster/templates/{id}", "shift", "403 200 404 200", `{"name":"{new}","from":"09:00","to":"18:00"}`},
	{"GET /sla/supervisions", "", "200 200 200 200", ""}, // only those within reach
	{"POST /sla/supervisions/{id}/reply", "supervision", "404 404 404 200", `{"words":"x"}`},
	{"GET /staff/departments", "", "403 200 200 200", ""},
	{"POST /staff/departments", "", "403 403 201 201", `{"name":"{new}"}`},
	{"GET /staff/departments/{id}", "department", "403 200 404 200", ""},
	{"PATCH /staff/departments/{id}", "department", "403 403 404 200", `{"name":"{new}"}`},
	{"GET /staff/permissions", "", "200 200 200 200", ""},
	{"GET /staff/roles", "", "403 200 200 200", ""},
	{"POST /staff/roles", "", "403 403 201 201", `{"name":"{new}","grants":{}}`},
	{"DELETE /staff/roles/{id}", "role", "403 403 404 204", ""},
	{"GET /staff/roles/{id}", "role", "403 200 404 200", ""},
	{"PATCH /staff/roles/{id}", "role", "403 403 404 200", `{"name":"{new}"}`},
	{"GET /staff/skills", "", "403 200 200 200", ""},
	{"POST /staff/skills", "", "403 403 201 201", `{"name":"{new}"}`},
	{"DELETE /staff/skills/{id}", "skill", "403 403 404 204", ""},
	{"GET /staff/skills/{id}", "skill", "403 200 404 200", ""},
	{"PATCH /staff/skills/{id}", "skill", "403 403 404 200", `{"name":"{new}"}`},
	{"GET /staff/teams", "", "403 200 200 200", ""},
	{"POST /staff/teams", "", "403 403 201 201", `{"name":"{new}"}`},
	{"GET /staff/teams/{id}", "team", "403 200 404 200", ""},
	{"PATCH /staff/teams/{id}", "team", "403 403 404 200", `{"name":"{new}"}`},
	{"GET /staff/tokens", "", "403 403 200 200", ""},
	{"DELETE /staff/tokens/{id}", "token of a user", "403 403 404 204", ""},
	{"GET /staff/users", "", "403 200 200 200", ""},
	{"POST /staff/users", "", "403 403 201 201", `{"name":"新人","email":"{new}@example.com"}`},
	{"GET /staff/users/{id}", "user", "403 200 404 200", ""},
	{"PATCH /staff/users/{id}", "user", "403 403 404 200", `{"name":"改名"}`},
	{"POST /staff/users/{id}/password", "user", "403 403 404 204", `{"password":"correct horse battery staple"}`},
	{"POST /staff/users/{id}/sign-out", "user", "403 403 404 204", ""},
	{"GET /ticket-numbers/{number}", "ticket", "404 404 404 200", ""},
	{"GET /tickets", "", "200 200 200 200", ""},
	{"POST /tickets", "", "201 201 201 201", `{"body":"x","requester":{"name":"客户"}}`},
	{"GET /tickets/count", "", "200 200 200 200", ""},
	{"POST /tickets/check", "", "200 200 200 200", `{"subject":"x","body":"x"}`},
	{"GET /tickets/{id}", "ticket", "404 404 404 200", ""},
	{"PATCH /tickets/{id}", "ticket", "404 404 404 200", `{"priority":"high"}`},
	{"POST /tickets/{id}/assign", "ticket", "404 404 404 200", `{"assignee_id":null}`},
	{"POST /tickets/{id}/category", "ticket", "404 404 404 200", `{"category_id":null}`},
	{"POST /tickets/{id}/claim", "ticket", "404 404 404 200", `{}`},
	{"POST /tickets/{id}/collaborator", "ticket", "404 404 404 200", `{"add":["{user}"]}`},
	{"POST /config/categories/{id}/merge", "category", "403 403 404 422", `{"into":"1"}`},
	{"POST /tickets/{id}/decide", "ticket", "404 404 404 200", `{"field":"sentiment","verdict":"correct","value":"-1"}`},
	{"DELETE /tickets/{id}/draft", "ticket", "204 204 204 204", ""}, // one's own, of which there is none
	{"GET /tickets/{id}/draft", "ticket", "200 200 200 200", ""},
	{"PUT /tickets/{id}/draft", "ticket", "404 404 404 200", `{"kind":"reply","text":"x"}`},
	{"POST /tickets/{id}/fields", "ticket", "404 404 404 200", `{"fields":{"order_no":"1"}}`},
	{"POST /tickets/{id}/link", "ticket", "404 404 404 200", `{"ticket_id":"{other}","kind":"related"}`},
	{"POST /tickets/{id}/merge", "ticket", "404 404 404 200", `{"into":"{other}"}`},
	{"POST /tickets/{id}/messages", "ticket", "404 404 404 201", `{"kind":"reply","body":"x"}`},
	{"POST /tickets/{id}/messages/{message}/withdraw", "reply", "404 404 404 204", ""},
	{"POST /tickets/{id}/parent", "ticket", "404 404 404 200", `{"parent_id":"{other}"}`},
	{"POST /tickets/{id}/priority", "ticket", "404 404 404 200", `{"priority":"high"}`},
	{"GET /tickets/{id}/quick-replies", "ticket", "404 404 404 200", ""},
	{"POST /tickets/{id}/read", "ticket", "404 404 404 204", `{"unread":false}`},
	{"POST /tickets/{id}/reopen", "solved ticket", "404 404 404 200", `{}`},
	{"POST /tickets/{id}/reply-children", "parent ticket", "404 404 404 202", `{"body":"x"}`},
	{"POST /tickets/{id}/requester", "ticket", "404 404 404 200", `{"customer_id":"{customer}"}`},
	{"POST /tickets/{id}/offer", "ticket", "409 409 409 409", `{"answer":"accept"}`}, // nothing was offered
	{"POST /tickets/{id}/response/acknowledge", "ticket", "404 404 404 404", ""},
	{"POST /tickets/{id}/route", "ticket", "404 404 404 204", `{}`},
	{"GET /tickets/{id}/routing", "ticket", "404 404 404 200", ""},
	{"GET /tickets/{id}/sla", "ticket", "404 404 404 200", ""},
	{"GET /tickets/{id}/scheduled", "ticket", "404 404 404 200", ""},
	{"POST /tickets/{id}/scheduled", "ticket", "404 404 404 201", `{"kind":"reply","body":"x","at":"2026-12-01T00:00:00Z"}`},
	{"DELETE /tickets/{id}/scheduled/{scheduled}", "scheduled reply", "404 404 404 204", ""},
	{"PUT /tickets/{id}/scheduled/{scheduled}", "scheduled reply", "404 404 404 200", `{"at":"2026-12-02T00:00:00Z"}`},
	{"POST /tickets/{id}/scheduled/{scheduled}/send", "scheduled reply", "404 404 404 200", ""},
	{"POST /tickets/{id}/sla/acknowledge", "ticket", "404 404 404 409", `{}`},                                         // nobody was told of anything
	{"POST /tickets/{id}/sla/breach-reason", "ticket", "404 404 404 409", `{"metric":"resolution","reason":"other"}`}, // nothing is broken
	{"POST /tickets/{id}/sla/chase", "ticket", "404 404 404 200", `{"words":"x"}`},
	{"POST /tickets/{id}/sla/extension", "ticket", "404 404 404 201", `{"metric":"resolution","minutes":60,"reason":"x"}`},
	{"POST /tickets/{id}/sla/supervise", "ticket", "403 404 404 201", `{"words":"x","minutes":60}`},
	{"POST /tickets/{id}/sla/urge", "ticket", "404 404 404 200", `{"words":"x"}`},
	{"POST /tickets/{id}/return", "ticket", "404 404 404 409", `{"reason":"x"}`}, // nobody handed it on
	{"POST /tickets/{id}/assist", "ticket", "404 404 404 200", `{"remove":["1"]}`},
	{"POST /tickets/{id}/assisted", "ticket", "404 404 404 409", `{"body":"x"}`},                        // nobody asked
	{"POST /tickets/{id}/ruling", "ticket", "404 404 404 409", `{"assignee_id":"{user}","reason":"x"}`}, // nobody disputes it
	{"POST /tickets/{id}/lift", "ticket", "404 404 404 409", `{"reason":"x"}`},
	{"POST /tickets/{id}/snooze", "ticket", "404 404 404 200", `{"until":null}`},
	{"POST /tickets/{id}/split", "reply", "404 404 404 200", `{"message_ids":["{message}"]}`},
	{"POST /tickets/{id}/split-matters", "ticket", "404 404 404 409", `{"matters":[0]}`}, // of which there is one
	{"POST /tickets/{id}/status", "ticket", "404 404 404 200", `{"status":"open"}`},
	{"POST /tickets/{id}/subject", "ticket", "404 404 404 200", `{"subject":"x"}`},
	{"POST /tickets/{id}/tags", "ticket", "404 404 404 200", `{"add":["x"]}`},
	{"GET /tickets/{id}/timeline", "ticket", "404 404 404 200", ""},
	{"POST /tickets/{id}/transfer", "ticket", "404 404 404 200", `{"assignee_id":"{user}","reason":"x"}`},
	{"POST /tickets/{id}/translate", "ticket", "404 404 404 503", `{"to":"en"}`}, // nobody to ask
	{"POST /tickets/{id}/type", "ticket", "404 404 404 200", `{"type":"repair"}`},
	{"GET /tickets/{id}/understanding", "ticket", "404 404 404 200", ""},
	{"POST /tickets/{id}/unlink", "ticket", "404 404 404 200", `{"ticket_id":"{other}","kind":"related"}`},
	{"POST /tickets/{id}/viewing", "ticket", "404 404 404 200", `{"screen":"s","doing":"viewing"}`},
	{"GET /tickets/{id}/attachments", "ticket", "404 404 404 200", ""},
	{"POST /tickets/{id}/watch", "ticket", "404 404 404 200", `{"on":true}`},
	{"GET /understanding", "", "403 200 200 200", ""},
	{"GET /understanding/accuracy", "", "403 200 200 200", ""},
	{"GET /understanding/corrections", "", "403 200 200 200", ""},
	{"GET /understanding/descriptions", "", "403 200 200 200", ""},
	{"PUT /understanding/descriptions", "", "403 403 200 200", `{"labels":[],"version":-1}`},
	{"GET /understanding/examples?field=type", "", "403 403 200 200", ""},
	{"POST /understanding/examples", "", "403 403 200 200", `{"field":"type","items":[{"text":"x","label":"repair"}]}`},
	{"POST /understanding/examples/import", "", "403 403 422 422", "raw"}, // which is no table
	{"DELETE /understanding/examples/{id}?field=type", "example", "403 403 404 204", ""},
	{"PUT /understanding/fields/{field}", "rule", "403 403 200 200", `{"off":false,"threshold":0.3,"suggest":0.3}`},
	{"GET /understanding/llm", "", "403 403 200 200", ""},
	{"PUT /understanding/llm", "", "403 403 200 200", `{"on":false,"providers":[],"daily_budget_micros":0,"version":0}`},
	{"GET /understanding/llm/calls", "", "403 403 200 200", ""},
	{"POST /understanding/llm/test", "", "403 403 404 404", `{"provider":"x"}`},
	{"GET /understanding/models", "", "403 200 200 200", ""},
	{"POST /understanding/models/{id}/activate", "model", "403 403 404 204", ""},
	{"GET /understanding/patterns", "", "403 200 200 200", ""},
	{"PUT /understanding/patterns", "", "403 403 200 200", `{"patterns":[],"version":-1}`},
	{"POST /understanding/patterns/learn", "", "403 403 200 200", `{"examples":["AB-1234","CD-5678","EF-9012"]}`},
	{"POST /understanding/read", "", "403 200 200 200", `{"text":"x"}`},
	{"PUT /understanding/retraining", "", "403 403 200 200", `{"off":false,"after":200,"days":7}`},
	{"GET /understanding/risk-lists", "", "403 200 200 200", ""},
	{"PUT /understanding/risk-lists", "", "403 403 200 200", `{"lists":[],"version":-1}`},
	{"GET /understanding/runs", "", "403 200 200 200", ""},
	{"POST /understanding/runs", "", "403 403 202 202", `{"field":"priority"}`},
	{"GET /understanding/runs/{id}", "run", "403 200 404 200", ""},
	{"POST /understanding/runs/{id}/cancel", "run", "403 403 404 200", ""},
	{"GET /understanding/runs/{id}/cell?actual=x&predicted=y", "run", "403 200 200 200", ""}, // tickets within reach: none
	{"POST /undo/{id}", "undo", "404 404 404 200", ""},
	{"GET /search/facets?q=x", "", "200 200 200 200", ""}, // only those within reach
	{"GET /search/suggestions?q=x", "", "200 200 200 200", ""},
	{"PUT /me/picture", "", "204 204 204 204", ""}, // which takes away what nobody has
	{"GET /staff/users/{id}/picture/{hash}", "user", "404 404 404 404", ""},
	{"GET /views", "", "200 200 200 200", ""},
	{"POST /views", "", "201 201 201 201", `{"name":{"zh":"{new}","en":""},"scope":"own","filter":""}`},
	{"GET /views/counts", "", "200 200 200 200", ""},
	{"GET /views/shared", "", "403 200 200 200", ""},
	{"PUT /views/order", "view", "404 404 404 204", `{"views":[{"id":"{id}","folder":"x"}]}`},
	{"DELETE /views/{id}", "view", "404 404 404 204", ""},
	{"PUT /views/{id}", "view", "404 404 404 200", `{"name":{"zh":"x","en":""},"scope":"own","filter":""}`},
}

// thing makes what a row works on, as the administrator, and names its parts.
func (s *scene) thing(kind string) map[string]string {
	s.t.Helper()
	v := map[string]string{"{new}": fmt.Sprintf("n%d", s.IDs.Next()), "{id}": "1"}
	var made struct {
		ID         string              `json:"id"`
		Undo       string              `json:"undo_id"`
		Identities []client.Identity   `json:"identities"`
		Info       struct{ ID string } `json:"info"`
		Token      json.RawMessage     `json:"token"`
	}
	post := func(path string, in any) string {
		_, err := s.c.Call(ctx, "POST", path, in, &made)
		must(s.t, err)
		return made.ID
	}
	words := client.Words{ZH: v["{new}"]}
	catalog, err := s.Forms.Get(ctx, s.Tenant)
	must(s.t, err)
	switch kind {
	case "ticket", "reply", "solved ticket", "parent ticket", "undo", "file":
		file, err := s.c.Upload(ctx, "a.txt", "text/plain", strings.NewReader("x"))
		must(s.t, err)
		tk := s.open("x", func(n *client.NewTicket) { n.Attachments = []string{file.ID} })
		v["{id}"], v["{number}"], v["{other}"] = tk.ID, tk.Number, s.open("y").ID
		v["{customer}"], v["{user}"] = s.thing("customer")["{id}"], s.thing("user")["{id}"]
		switch kind {
		case "reply":
			v["{message}"] = s.say(tk.ID, "reply", "x").ID
		case "solved ticket":
			s.solve(tk.ID)
		case "parent ticket":
			s.act(v["{other}"], "parent", M{"parent_id": tk.ID})
		case "undo":
			v["{id}"] = s.act(tk.ID, "merge", M{"into": v["{other}"]}).Undo.ID
		case "file":
			v["{id}"] = file.ID
		}
	case "bulk":
		b, err := s.c.StartBulk(ctx, client.NewBulk{Action: "priority", Input: M{"priority": "high"}, IDs: []string{s.open("x").ID}})
		must(s.t, err)
		v["{id}"] = b.ID
	case "view":
		v["{id}"] = post("/views", client.NewView{Name: words, Scope: "own"})
	case "company":
		v["{id}"] = post("/companies", M{"name": v["{new}"]})
	case "customer", "customer merge":
		in := M{"name": "客户", "identities": []M{{"kind": "email", "value": v["{new}"] + "@a.example.com"}}}
		v["{id}"], v["{identity_id}"] = post("/customers", in), made.Identities[0].ID
		v["{other}"] = post("/customers", M{"name": "另一位"})
		if kind == "customer merge" {
			post("/customers/"+v["{id}"]+"/merge", M{"into": v["{other}"]})
			v["{undo_id}"] = made.Undo
		}
	case "scheduled reply":
		ticket := s.open("x").ID
		v["{scheduled}"] = post("/tickets/"+ticket+"/scheduled", M{"kind": "reply", "body": "x", "at": "2026-12-01T00:00:00Z"})
		v["{id}"] = ticket
	case "quick reply":
		v["{id}"] = post("/quick-replies", M{"scope": "shared", "name": v["{new}"], "zh": "您好"})
	case "signature": // of which there is one
		var list struct{ Items []struct{ ID, Scope string } }
		_, err := s.c.Call(ctx, "GET", "/signatures", nil, &list)
		must(s.t, err)
		i := slices.IndexFunc(list.Items, func(x struct{ ID, Scope string }) bool { return x.Scope == "shared" })
		if i < 0 {
			v["{id}"] = post("/signatures", M{"scope": "shared", "name": v["{new}"], "zh": "此致"})
			break
		}
		v["{id}"] = list.Items[i].ID
	case "department", "team", "skill":
		v["{id}"] = post("/staff/"+kind+"s", M{"name": v["{new}"]})
		v["{new}"] += "x"
	case "role":
		v["{id}"] = post("/staff/roles", M{"name": v["{new}"], "grants": M{}})
		v["{new}"] += "x"
	case "user":
		v["{id}"] = post("/staff/users", M{"name": "某人", "email": v["{new}"] + "@b.example.com"})
	case "token of the administrator", "token of a user":
		who := s.Admin.ID
		if kind == "token of a user" {
			who = number(s.t, s.thing("user")["{id}"])
		}
		_, token, err := s.Staff.CreateToken(ctx, staff.System(s.Tenant), who, staff.NewToken{Name: "x"})
		must(s.t, err)
		v["{id}"] = token.ID.String()
	case "session":
		list, err := s.Staff.Sessions(ctx, s.Admin) // the one in which the test began
		must(s.t, err)
		v["{id}"] = list[0].ID.String()
	case "import":
		i, err := s.Exchange.Upload(ctx, s.Admin, "customer", "a.csv", strings.NewReader("name\nx\n"))
		must(s.t, err)
		v["{id}"] = i.ID.String()
	case "export":
		v["{id}"] = post("/exports", M{"what": "ticket", "format": "csv"})
	case "channel":
		v["{key}"] = "mail"
		_, err := s.c.Call(ctx, "PUT", "/notify/channels/mail", M{"kind": "mail", "name": "x", "active": false}, nil)
		must(s.t, err)
	case "push subscription":
		v["{id}"] = post("/me/push-subscriptions", M{"endpoint": "https://push.example.com/" + v["{new}"], "keys": M{"auth": "BTBZMqHH6r4Tts7J_aSIgg",
			"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}})
	case "shift", "rotation", "publication", "swap", "leave", "hand-over":
		v["{user}"] = s.thing("user")["{id}"]
		user := v["{user}"]
		plan := func(who string) {
			_, err := s.c.Call(ctx, "PUT", "/roster/cells", M{"cells": []M{{"user_id": who, "day": "2026-12-03", "items": []M{{"kind": "shift", "from": "09:00", "to": "18:00"}}}}}, nil)
			must(s.t, err)
			v["{id}"] = post("/roster/publish", M{"from": "2026-12-03", "to": "2026-12-03", "user_ids": []string{who}})
		}
		switch kind {
		case "shift", "rotation":
			v["{id}"] = post("/roster/templates", M{"name": v["{new}"], "from": "09:00", "to": "18:00"})
			if v["{new}"] += "x"; kind == "rotation" {
				v["{id}"] = post("/roster/rotations", M{"name": v["{new}"], "pattern": []string{v["{id}"], ""}, "anchor": "2026-11-23"})
			}
		case "publication":
			plan(user)
		case "leave":
			v["{id}"] = post("/roster/leaves", M{"user_id": user, "kind": "annual", "from": "2026-12-01T00:00:00Z", "to": "2026-12-02T00:00:00Z"})
		case "hand-over":
			v["{id}"] = post("/roster/handovers", M{"to_id": user, "note": "x", "tickets": []M{}})
		case "swap":
			plan(user)
			mine := s.Admin.ID.String()
			var day struct{ Cells []M }
			_, err := s.c.Call(ctx, "GET", "/me/plan?from=2026-12-03&to=2026-12-03", nil, &day)
			must(s.t, err)
			if len(day.Cells) == 0 {
				plan(mine)
			}
			v["{id}"] = post("/roster/swaps", M{"day": "2026-12-03", "other_id": user, "other_day": "2026-12-03"})
		}
	case "calendar":
		v["{key}"] = v["{new}"]
		v["{id}"] = post("/calendars", M{"key": v["{key}"], "name": M{"zh": "x", "en": ""}, "zone": "Asia/Shanghai", "week": [][]M{{}, {}, {}, {}, {}, {}, {}}})
	case "holiday table":
		v["{table}"] = "cn"
		post("/calendars/tables/cn/import", M{"format": "json", "data": `{"year":2027,"holidays":[{"from":"2027-01-01","to":"2027-01-01","name":"x"}]}`})
	case "extension":
		v["{id}"] = post("/tickets/"+s.open("x").ID+"/sla/extension", M{"metric": "resolution", "minutes": 60, "reason": "x"})
	case "supervision":
		v["{id}"] = post("/tickets/"+s.open("x").ID+"/sla/supervise", M{"words": "x", "minutes": 60})
	case "rule set":
		v["{version}"] = "1"
	case "simulation":
		v["{id}"] = post("/routing/simulations", M{"version": 1, "days": 1})
	case "policy":
		v["{id}"] = post("/sla/policies", M{"name": v["{new}"], "when": `number == "none"`, "targets": []M{}})
	case "category":
		v["{id}"] = catalog.Categories()[0].ID.String()
	case "code":
		v["{id}"] = catalog.Codes("hold_reason")[0].ID.String()
	case "field":
		v["{id}"] = catalog.Fields()[0].ID.String()
	case "block":
		v["{id}"] = post("/blocklist", M{"kind": "email", "value": v["{new}"] + "@c.example.com", "reason": "x"})
	case "scene":
		v["{id}"] = catalog.Scenes()[0].ID.String()
	case "substatus":
		v["{id}"] = catalog.Substatuses()[0].ID.String()
	case "type":
		i := slices.IndexFunc(catalog.Types(), func(t form.Type) bool { return t.Key == "praise" })
		v["{id}"] = catalog.Types()[i].ID.String()
	case "incident":
		incident, now, of := s.IDs.Next(), s.Clock.Now(), number(s.t, s.open("x").ID)
		must(s.t, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `insert into understand_incident (tenant_id, id, state, title, words, count, customers, expected, score, since, parent_id, judged_by, created_at, updated_at)
				values ($1, $2, 'proposed', 'x', '[]', 1, 1, 0, 1, $3, null, null, $3, $3)`, s.Tenant, incident, now); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `insert into understand_incident_ticket (tenant_id, incident_id, ticket_id) values ($1, $2, $3)`, s.Tenant, incident, of)
			return err
		}))
		v["{id}"] = incident.String()
	case "model":
		model := s.IDs.Next()
		must(s.t, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `insert into understand_model (tenant_id, field, id, state, position, examples, figures, data, note, created_by, created_at)
				values ($1, 'category', $2, 'old', 0, 0, '{}', $3, '', null, $4)`, s.Tenant, model, []byte{}, s.Clock.Now())
			return err
		}))
		v["{id}"] = model.String()
	case "example":
		post("/understanding/examples", M{"field": "type", "items": []M{{"text": v["{new}"], "label": "repair"}}})
		var list struct{ Items []struct{ ID string } }
		_, err := s.c.Call(ctx, "GET", "/understanding/examples?field=type&limit=200", nil, &list)
		must(s.t, err)
		v["{id}"] = list.Items[len(list.Items)-1].ID
	case "run":
		s.Settle()
		v["{id}"] = post("/understanding/runs", M{"field": "priority"}) // of which there are too few examples
		s.Settle()
	case "rule":
		v["{field}"] = "sentiment"
	case "", "nothing":
	default:
		s.t.Fatalf("no thing %q", kind)
	}
	return v
}
