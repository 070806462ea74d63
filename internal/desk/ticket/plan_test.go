package ticket_test

import (
	"strings"
	"testing"

	"zhidan/internal/zhidantest"
)

// The queries that everybody waits for are led by their index on a store that
// nobody has ever analysed, whatever it grows to.
func TestPlansOfHotQueries(t *testing.T) {
	h := zhidantest.New(t)
	for q, index := range map[string]string{
		`select t.id from ticket t where t.tenant_id = $1 and t.requester_id = $2 order by t.id desc limit 5`:                                                                                       "ticket_requester",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 order by t.updated_at desc, t.id desc limit 50`:                                                                         "ticket_active ",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.assignee_id = $2 order by t.updated_at desc, t.id desc limit 50`:                                                  "ticket_active_assignee",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.team_id = $2 order by t.updated_at desc, t.id desc limit 50`:                                                      "ticket_active_team",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.assignee_id = $2 and t.snoozed_until is not null order by t.updated_at desc, t.id desc limit 50`:                  "ticket_snoozed",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.assignee_id = $2 and not t.snoozed_until is not null order by t.updated_at desc, t.id desc limit 50`:              "ticket_active_assignee",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.priority = $2 order by t.updated_at desc, t.id desc limit 50`:                                                     "ticket_active_priority",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 order by t.priority desc, t.updated_at desc, t.id desc limit 50`:                                                        "ticket_active_priority",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.sla = 1 and t.due_at < $2 order by t.due_at, t.id limit 50`:                                                       "ticket_active_due (tenant_id=? AND due_at<?",
		`select t.due_at, t.id from ticket t where t.tenant_id = $1 and t.status <= 4 order by t.due_at, t.id limit 1 offset 1999`:                                                                  "ticket_active_due",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.unsure > 0 order by t.updated_at desc, t.id desc limit 50`:                                                        "ticket_unsure",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.risk >= 2 order by t.updated_at desc, t.id desc limit 50`:                                                         "ticket_at_risk",
		`select t.id from ticket t where t.tenant_id = $1 and t.status = $2 order by t.updated_at desc, t.id desc limit 50`:                                                                         "ticket_status",
		`select t.id from ticket t where t.tenant_id = $1 order by t.updated_at desc, t.id desc limit 50`:                                                                                           "ticket_updated",
		`select e.seq from ticket_event e where e.tenant_id = $1 and e.ticket_id = $2 and e.seq between 1 and 9`:                                                                                    "tenant_id=? AND ticket_id=? AND seq>",
		`select m.id from ticket_message m where m.tenant_id = $1 and m.ticket_id in (select cast(x.value as bigint) from json_each($2) as x)`:                                                      "tenant_id=? AND ticket_id=?",
		`select t.id from ticket t where t.tenant_id = $1 and t.status <= 4 and t.id in (select p.ticket_id from ticket_person p where p.tenant_id = $1 and p.user_id = $2 and p.role = 'watcher')`: "tenant_id=? AND id=?",
	} {
		rows, err := h.DB.Query(t.Context(), `explain query plan `+q, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		plan := ""
		for rows.Next() {
			var a, b, c int
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			plan += detail + " | "
		}
		rows.Close()
		sorts := strings.Contains(q, "order by") && strings.Contains(plan, "TEMP B-TREE")
		if !strings.Contains(plan, index) || sorts {
			t.Errorf("%s\n  is answered by: %s\n  not by: %s", q, plan, index)
		}
	}
}
