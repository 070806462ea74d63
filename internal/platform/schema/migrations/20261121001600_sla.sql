-- +goose Up

-- Policies, by version: a version never changes, so that tickets can stay
-- under the one that they came under. The shipped policy has the id 1 and no
-- row until somebody changes it.
create table sla_policy (
	tenant_id bigint not null,
	id bigint not null,
	version bigint not null,
	body text not null,
	author_id bigint,
	at bigint not null,
	primary key (tenant_id, id, version)
)/*clustered*/;

-- What moves the clocks of a ticket on, beside the clocks. step_at is when the
-- next warning or breach is due.
create table sla_ticket (
	tenant_id bigint not null,
	ticket_id bigint not null,
	policy_id bigint,
	policy_version bigint,
	step_at bigint,
	body text not null,
	primary key (tenant_id, ticket_id)
)/*clustered*/;

-- One clock each. elapsed and target are milliseconds; elapsed is as of the
-- last change.
create table sla_clock (
	tenant_id bigint not null,
	ticket_id bigint not null,
	metric ctext not null,
	round integer not null,
	policy_id bigint,
	state ctext not null,
	started_at bigint not null,
	due_at bigint,
	ended_at bigint,
	target bigint not null,
	elapsed bigint not null,
	body text not null,
	primary key (tenant_id, ticket_id, metric, round)
)/*clustered*/;
create index sla_clock_due on sla_clock (tenant_id, due_at) where ended_at is null and due_at is not null;

-- Every warning and breach that was told.
create table sla_step (
	tenant_id bigint not null,
	ticket_id bigint not null,
	metric ctext not null,
	round integer not null,
	step ctext not null,
	due_at bigint not null,
	at bigint not null,
	primary key (tenant_id, ticket_id, metric, round, step)
)/*clustered*/;

-- +goose Down
drop table sla_step;
drop table sla_clock;
drop table sla_ticket;
drop table sla_policy;
