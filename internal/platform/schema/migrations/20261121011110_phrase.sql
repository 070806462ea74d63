-- +goose Up

-- What people put into what they write: quick replies, and signatures under
-- mail. team_id is set where the scope is a team.
create table phrase (
	tenant_id bigint not null,
	id bigint not null,
	kind ctext not null,
	scope ctext not null,
	owner_id bigint not null,
	team_id bigint,
	name text not null,
	shortcut ctext not null,
	zh text not null,
	en text not null,
	created_at bigint not null,
	updated_at bigint not null,
	version bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index phrase_owner on phrase (tenant_id, owner_id, kind);
create index phrase_scope on phrase (tenant_id, kind, scope, team_id);

-- How often each person has used one: a row of their own, so that nobody waits
-- for a counter.
create table phrase_use (
	tenant_id bigint not null,
	user_id bigint not null,
	phrase_id bigint not null,
	uses bigint not null,
	used_at bigint not null,
	primary key (tenant_id, user_id, phrase_id)
)/*clustered*/;
create index phrase_use_of on phrase_use (tenant_id, phrase_id);

-- +goose Down
drop table phrase_use;
drop table phrase;
