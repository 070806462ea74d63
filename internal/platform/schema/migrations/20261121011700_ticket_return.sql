-- +goose Up

-- From where a ticket was handed on (JSON list of places, the newest last), and
-- how often it was returned there.
alter table ticket add column handed text not null default '[]';
alter table ticket add column return_count integer not null default 0;

-- Of the promise that due_at speaks of: when it began, and when its first
-- warning is or was due, so that lists show both as they are.
alter table ticket add column sla_from bigint;
alter table ticket add column warn_at bigint;

-- +goose Down
alter table ticket drop column warn_at;
alter table ticket drop column sla_from;
alter table ticket drop column return_count;
alter table ticket drop column handed;
