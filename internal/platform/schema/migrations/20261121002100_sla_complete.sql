-- +goose Up

-- Where the ticket stood when its clock last moved, for reports: of an ended
-- clock that is who answers for it. original is the verdict without the time
-- that extensions gave; paused is milliseconds of the day; reason says why a
-- promise was broken.
alter table sla_clock add column team_id bigint;
alter table sla_clock add column department_id bigint;
alter table sla_clock add column assignee_id bigint;
alter table sla_clock add column category_id bigint;
alter table sla_clock add column paused bigint not null default 0;
alter table sla_clock add column original ctext not null default '';
alter table sla_clock add column reason ctext not null default '';
alter table sla_clock add column reason_note text not null default '';
-- A report reads nothing but this index.
create index sla_clock_ended on sla_clock (tenant_id, ended_at, metric, state, original, policy_id, team_id, department_id,
	assignee_id, category_id, reason, elapsed, paused) where ended_at is not null;

-- Whom a step was told, as a JSON list of ids.
alter table sla_step add column kind ctext not null default '';
alter table sla_step add column users text not null default '[]';

-- Requests for more time. extra is milliseconds of business time. state:
-- requested, approved, refused, lapsed.
create table sla_extension (
	tenant_id bigint not null,
	id bigint not null,
	ticket_id bigint not null,
	metric ctext not null,
	round integer not null,
	state ctext not null,
	extra bigint not null,
	due_before bigint not null,
	due_after bigint not null,
	reason text not null,
	customer_told smallint not null,
	requested_by bigint,
	requested_at bigint not null,
	decided_by bigint,
	decided_at bigint,
	decision_note text not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index sla_extension_ticket on sla_extension (tenant_id, ticket_id, id);
create index sla_extension_state on sla_extension (tenant_id, state, id);

-- Orders of a lead, with a deadline and the duty to reply. state: open,
-- answered, ended. card: yellow, red, or empty.
create table sla_supervision (
	tenant_id bigint not null,
	id bigint not null,
	ticket_id bigint not null,
	state ctext not null,
	card ctext not null,
	words text not null,
	ordered_by bigint,
	user_id bigint,
	at bigint not null,
	due_at bigint not null,
	red_at bigint not null,
	answer text not null,
	answered_by bigint,
	answered_at bigint,
	primary key (tenant_id, id)
)/*clustered*/;
create index sla_supervision_ticket on sla_supervision (tenant_id, ticket_id, id);
create index sla_supervision_state on sla_supervision (tenant_id, state, id);

-- +goose Down
drop table sla_supervision;
drop table sla_extension;
alter table sla_step drop column users;
alter table sla_step drop column kind;
drop index sla_clock_ended;
alter table sla_clock drop column reason_note;
alter table sla_clock drop column reason;
alter table sla_clock drop column original;
alter table sla_clock drop column paused;
alter table sla_clock drop column category_id;
alter table sla_clock drop column assignee_id;
alter table sla_clock drop column department_id;
alter table sla_clock drop column team_id;
