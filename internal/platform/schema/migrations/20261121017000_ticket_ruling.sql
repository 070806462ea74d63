-- +goose Up

-- A ticket that was returned twice waits for a dispatcher's ruling: since when,
-- and what was ruled the last time (JSON).
alter table ticket add column ruling_asked_at bigint;
alter table ticket add column ruling text;
create index ticket_unruled on ticket (tenant_id, updated_at, id) where ruling_asked_at is not null and status <= 4;

-- +goose Down
drop index ticket_unruled;
alter table ticket drop column ruling;
alter table ticket drop column ruling_asked_at;
