-- +goose Up

-- What a model says of a ticket. Lists filter by these three; the rest of a
-- decision (confidence, evidence, who judged it) stands in ticket_decision.
alter table ticket add column sentiment smallint;
alter table ticket add column risk smallint not null default 0;
alter table ticket add column unsure smallint not null default 0;
create index ticket_unsure on ticket (tenant_id, updated_at, id) where unsure > 0 and status <= 4;
create index ticket_at_risk on ticket (tenant_id, updated_at, id) where risk >= 2 and status <= 4;

create table ticket_decision (
	tenant_id bigint not null,
	ticket_id bigint not null,
	decisions text not null,
	primary key (tenant_id, ticket_id)
)/*clustered*/;

-- +goose Down
drop table ticket_decision;
drop index ticket_at_risk;
drop index ticket_unsure;
alter table ticket drop column unsure;
alter table ticket drop column risk;
alter table ticket drop column sentiment;
