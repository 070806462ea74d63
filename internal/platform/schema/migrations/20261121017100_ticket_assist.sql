-- +goose Up

-- The teams that answer for a part of a ticket, with how far their part is
-- (JSON), and of those that were asked the rows by which lists find it.
alter table ticket add column assists text not null default '[]';
create table ticket_assist (
	tenant_id bigint not null,
	team_id bigint not null,
	ticket_id bigint not null,
	primary key (tenant_id, team_id, ticket_id)
);
create index ticket_assist_ticket on ticket_assist (tenant_id, ticket_id);

-- +goose Down
drop table ticket_assist;
alter table ticket drop column assists;
