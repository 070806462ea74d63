-- +goose Up

-- How much of the assignee's capacity a ticket takes, in hundredths. What a
-- person carries is the sum of it.
alter table ticket add column weight integer not null default 0;

-- What a person carries now, in hundredths: their tickets and the offers that
-- run. Room is taken by an update on the condition that there is some.
create table routing_load (
	tenant_id bigint not null,
	user_id bigint not null,
	load integer not null,
	open integer not null,
	given_at bigint not null,
	day integer not null,
	today integer not null,
	recent double precision not null,
	primary key (tenant_id, user_id)
)/*clustered*/;

-- A ticket that waits for somebody, or for the answer of whom it was offered
-- to. The columns after team_id are the order of the queue.
create table routing_wait (
	tenant_id bigint not null,
	ticket_id bigint not null,
	team_id bigint not null,
	tier integer not null,
	priority integer not null,
	due_at bigint not null,
	since bigint not null,
	state ctext not null,
	agent_id bigint,
	until bigint,
	weight integer not null,
	step_at bigint,
	body text not null,
	primary key (tenant_id, ticket_id)
)/*clustered*/;
create index routing_wait_order on routing_wait (tenant_id, state, team_id, priority desc, tier desc, due_at, since, ticket_id);
create index routing_wait_agent on routing_wait (tenant_id, agent_id) where agent_id is not null;

-- Why a ticket came to whom it came.
create table routing_decision (
	tenant_id bigint not null,
	ticket_id bigint not null,
	id bigint not null,
	at bigint not null,
	outcome ctext not null,
	agent_id bigint,
	shadow integer not null,
	body text not null,
	primary key (tenant_id, ticket_id, id)
)/*clustered*/;
create index routing_decision_at on routing_decision (tenant_id, at);

-- What routing knows of a person beside what staff knows.
create table routing_profile (
	tenant_id bigint not null,
	user_id bigint not null,
	body text not null,
	version bigint not null,
	primary key (tenant_id, user_id)
)/*clustered*/;

-- A ticket that supervisors are told of until one acknowledges.
create table routing_response (
	tenant_id bigint not null,
	ticket_id bigint not null,
	response ctext not null,
	body text not null,
	at bigint not null,
	next_at bigint,
	ended_at bigint,
	primary key (tenant_id, ticket_id)
)/*clustered*/;
create index routing_response_open on routing_response (tenant_id, at) where ended_at is null;

-- All tickets of a person moved in one act.
create table routing_move (
	tenant_id bigint not null,
	id bigint not null,
	body text not null,
	state ctext not null,
	at bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;

create table routing_move_item (
	tenant_id bigint not null,
	move_id bigint not null,
	ticket_id bigint not null,
	to_id bigint,
	fault text not null,
	undone integer not null,
	primary key (tenant_id, move_id, ticket_id)
)/*clustered*/;

-- How people have done so far, by kind of ticket (category 0: of all).
create table routing_record (
	tenant_id bigint not null,
	user_id bigint not null,
	category_id bigint not null,
	solved integer not null,
	minutes double precision not null,
	reopened integer not null,
	primary key (tenant_id, user_id, category_id)
)/*clustered*/;

-- +goose Down
drop table routing_record;
drop table routing_move_item;
drop table routing_move;
drop table routing_response;
drop table routing_profile;
drop table routing_decision;
drop table routing_wait;
drop table routing_load;
alter table ticket drop column weight;
