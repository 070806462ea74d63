-- +goose Up

-- What happened on tickets, one row an act, for the figures of a day. The key
-- is the order in which a day is read, so that no other index is needed and no
-- row is ever changed: writers never meet. Ids that are absent are 0. kind: 1
-- created, 2 first response, 3 solved, 4 reopened, 5 repeat contact, 6
-- transferred, 7 message in, 8 message out, 9 returned. took and counted are
-- milliseconds of the day and of business time. Nothing of the customer stands here but the
-- tier.
create table report_fact (
	tenant_id bigint not null,
	kind smallint not null,
	at bigint not null,
	ticket_id bigint not null,
	seq bigint not null,
	channel ctext not null,
	type ctext not null,
	category_id bigint not null,
	priority smallint not null,
	department_id bigint not null,
	team_id bigint not null,
	agent_id bigint not null,
	tier ctext not null,
	took bigint,
	counted bigint,
	primary key (tenant_id, kind, at, ticket_id, seq)
)/*clustered*/;

-- How far the facts of tickets that were there before have been made.
create table report_backfill (
	tenant_id bigint not null,
	after_id bigint not null,
	until_id bigint not null,
	done bigint not null,
	total bigint not null,
	started_at bigint not null,
	finished_at bigint,
	primary key (tenant_id)
)/*clustered*/;

-- The backlog by age, place and standing is counted within this index. A
-- ticket's id tells when it was made.
create index ticket_active_report on ticket (tenant_id, department_id, team_id, assignee_id, channel, type, sla, id) where status <= 4;

-- +goose Down
drop index ticket_active_report;
drop table report_backfill;
drop table report_fact;
