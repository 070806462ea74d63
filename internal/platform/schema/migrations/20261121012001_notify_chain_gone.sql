-- +goose Up

-- Who is told one by one until somebody acknowledges is kept by the rooms that
-- know when it is over: routing_response, and the clocks.
drop table notify_chain;
drop index notification_chain;
alter table notification drop column chain_id;
alter table notification drop column step;
alter table notification drop column acknowledged_at;

-- +goose Down
alter table notification add column acknowledged_at bigint;
alter table notification add column step integer not null default 0;
alter table notification add column chain_id bigint;
create index notification_chain on notification (tenant_id, chain_id) where chain_id is not null;
create table notify_chain (
	tenant_id bigint not null,
	id bigint not null,
	event ctext not null,
	ticket_id bigint,
	actor_id bigint,
	data text not null,
	key ctext not null,
	next text not null,
	within bigint not null,
	step integer not null,
	state integer not null,
	due_at bigint not null,
	ended_at bigint,
	ended_by bigint,
	primary key (tenant_id, id)
)/*clustered*/;
create index notify_chain_ended on notify_chain (tenant_id, ended_at) where ended_at is not null;
