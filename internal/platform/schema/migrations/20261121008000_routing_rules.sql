-- +goose Up

-- Rule sets, by version. A version never changes but for its state: active,
-- shadow, draft or past. The shipped set has the version 1 and no row until
-- its state changes; it is active when no other is.
create table routing_set (
	tenant_id bigint not null,
	version bigint not null,
	id bigint not null,
	name text not null,
	state ctext not null,
	body text not null,
	author_id bigint,
	at bigint not null,
	primary key (tenant_id, version)
)/*clustered*/;
create unique index routing_set_active on routing_set (tenant_id) where state = 'active';
create unique index routing_set_shadow on routing_set (tenant_id) where state = 'shadow';

-- Replays of past tickets against a changed rule set. rules is the set that was
-- tried, version its number when it is a stored one; result is empty until done.
create table routing_simulation (
	tenant_id bigint not null,
	id bigint not null,
	state ctext not null,
	version bigint not null,
	rules text not null,
	days integer not null,
	done integer not null,
	total integer not null,
	result text not null,
	error_code ctext not null,
	error text not null,
	started_by bigint,
	started_at bigint not null,
	ended_at bigint,
	primary key (tenant_id, id)
)/*clustered*/;

-- +goose Down
drop table routing_simulation;
drop table routing_set;
