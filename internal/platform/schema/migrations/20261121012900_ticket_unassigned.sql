-- +goose Up
-- What nobody has, newest first. PostgreSQL does not see that rows whose
-- assignee is null lie in the order of the rest of ticket_active_assignee, and
-- sorted all of them for a page.
create index ticket_unassigned on ticket (tenant_id, updated_at, id) where status <= 4 and assignee_id is null;

-- +goose Down
drop index ticket_unassigned;
