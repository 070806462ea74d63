-- +goose Up
-- The queue of internal/platform/job. It is a table of the system, not of a
-- tenant: a shard's owner reads it in the order of its key.
-- due_at is 0 for work that is due at once, so that its order does not hang on
-- a clock; pos is its order of arrival.
create table job (
  shard integer not null,
  due_at bigint not null,
  pos bigint not null,
  id bigint not null,
  tenant_id bigint not null,
  kind ctext not null,
  key ctext not null,
  timer boolean not null,
  payload text not null,
  attempt integer not null default 0,
  retry_at bigint not null default 0,
  error text,
  primary key (shard, due_at, pos, id)
) /*clustered*/;

-- A timer is replaced and cancelled by its name. Other jobs pay no second index.
create unique index job_timer on job (tenant_id, kind, key) where timer;

-- What failed too often, and what waits behind it (error is null).
create table job_parked (
  tenant_id bigint not null,
  id bigint not null,
  shard integer not null,
  due_at bigint not null,
  pos bigint not null,
  kind ctext not null,
  key ctext not null,
  timer boolean not null,
  payload text not null,
  attempt integer not null,
  error text,
  parked_at bigint not null,
  primary key (tenant_id, id)
) /*clustered*/;

create index job_parked_key on job_parked (tenant_id, kind, key);

-- Who holds what: shards of the queue, membership of nodes, numbers of nodes.
-- A holder counts beat up; whoever sees it stand still for the length of a
-- lease may take over. No clocks are compared.
create table lease (
  name ctext not null primary key,
  holder ctext not null,
  epoch bigint not null,
  beat bigint not null
) /*clustered*/;

-- +goose Down
drop table lease;
drop table job_parked;
drop table job;
