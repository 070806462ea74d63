-- +goose Up

-- The snoozed tickets of a person, and the active ones of a priority: without
-- these the two lists tested every active ticket.
create index ticket_snoozed on ticket (tenant_id, assignee_id, updated_at, id) where snoozed_until is not null;
create index ticket_active_priority on ticket (tenant_id, priority, updated_at, id) where status <= 4;

-- +goose Down
drop index ticket_active_priority;
drop index ticket_snoozed;
