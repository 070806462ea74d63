-- +goose Up

-- How the promises on a ticket stand, kept so that lists need no join. due_at
-- is when the next one falls due; 253402300799999 (the end of the year 9999)
-- where none does, so that such tickets come last in the order of what is due.
-- sla: 0 none, 1 running, 2 paused, 3 breached, 4 met.
alter table ticket add column due_at bigint not null default 253402300799999;
alter table ticket add column sla smallint not null default 0;
alter table ticket add column sla_metric ctext not null default '';
create index ticket_active_due on ticket (tenant_id, due_at, id) where status <= 4;

-- +goose Down
drop index ticket_active_due;
alter table ticket drop column sla_metric;
alter table ticket drop column sla;
alter table ticket drop column due_at;
