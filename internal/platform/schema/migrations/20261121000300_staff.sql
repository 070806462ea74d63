-- +goose Up

-- staff_version counts changes of people, roles, teams, departments and
-- credentials: every cached actor holds the version that it was made from. The
-- update that raises it also makes such changes wait for each other.
create table tenant (
	tenant_id bigint not null primary key,
	name text not null,
	host ctext not null,
	locale ctext not null,
	time_zone ctext not null,
	staff_version bigint not null,
	created_at bigint not null,
	version bigint not null
);

-- The one-time token of an empty store; a listed exception without a tenant.
create table setup_token (
	hash bytea not null primary key,
	created_at bigint not null
);

create table staff_user (
	tenant_id bigint not null,
	id bigint not null,
	email ctext not null,
	name text not null,
	sort_key ctext not null,
	locale ctext not null,
	department_id bigint,
	active boolean not null,
	preferences text not null,
	password text not null,
	created_at bigint not null,
	signed_in_at bigint,
	version bigint not null,
	primary key (tenant_id, id)
);
create unique index staff_user_email on staff_user (tenant_id, email);
create index staff_user_name on staff_user (tenant_id, sort_key, id);

create table staff_department (
	tenant_id bigint not null,
	id bigint not null,
	parent_id bigint,
	name text not null,
	sort_key ctext not null,
	path ctext not null,
	retired boolean not null,
	version bigint not null,
	primary key (tenant_id, id)
);

create table staff_team (
	tenant_id bigint not null,
	id bigint not null,
	name text not null,
	sort_key ctext not null,
	department_id bigint,
	retired boolean not null,
	version bigint not null,
	primary key (tenant_id, id)
);

create table staff_team_member (
	tenant_id bigint not null,
	team_id bigint not null,
	user_id bigint not null,
	lead boolean not null,
	primary key (tenant_id, team_id, user_id)
);
create index staff_team_member_user on staff_team_member (tenant_id, user_id);

create table staff_skill (
	tenant_id bigint not null,
	id bigint not null,
	name text not null,
	sort_key ctext not null,
	version bigint not null,
	primary key (tenant_id, id)
);

create table staff_user_skill (
	tenant_id bigint not null,
	user_id bigint not null,
	skill_id bigint not null,
	level smallint not null,
	primary key (tenant_id, user_id, skill_id)
);

-- key is empty for roles that the tenant made.
create table staff_role (
	tenant_id bigint not null,
	id bigint not null,
	key ctext not null,
	name text not null,
	grants text not null,
	version bigint not null,
	primary key (tenant_id, id)
);

create table staff_user_role (
	tenant_id bigint not null,
	user_id bigint not null,
	role_id bigint not null,
	primary key (tenant_id, user_id, role_id)
);

create table staff_session (
	tenant_id bigint not null,
	hash bytea not null,
	id bigint not null,
	user_id bigint not null,
	created_at bigint not null,
	seen_at bigint not null,
	expires_at bigint not null,
	addr text not null,
	agent text not null,
	primary key (tenant_id, hash)
);
create index staff_session_user on staff_session (tenant_id, user_id, id);

-- permissions is null when the token may do all that its user may.
create table staff_token (
	tenant_id bigint not null,
	hash bytea not null,
	id bigint not null,
	user_id bigint not null,
	name text not null,
	hint ctext not null,
	permissions text,
	created_at bigint not null,
	expires_at bigint,
	used_at bigint,
	primary key (tenant_id, hash)
);
create index staff_token_user on staff_token (tenant_id, user_id, id);

-- Attempts to sign in that have not succeeded, by account and address. The
-- account is a hash: people type passwords into the wrong field.
create table staff_attempt (
	tenant_id bigint not null,
	account bytea not null,
	addr ctext not null,
	failures integer not null,
	at bigint not null,
	locked_until bigint not null,
	primary key (tenant_id, account, addr)
);
create index staff_attempt_age on staff_attempt (tenant_id, at);

create table staff_event (
	tenant_id bigint not null,
	id bigint not null,
	at bigint not null,
	actor_kind ctext not null,
	actor_id bigint,
	kind ctext not null,
	subject_id bigint,
	data text not null,
	primary key (tenant_id, id)
);

-- +goose Down

drop table staff_event;
drop table staff_attempt;
drop table staff_token;
drop table staff_session;
drop table staff_user_role;
drop table staff_role;
drop table staff_user_skill;
drop table staff_skill;
drop table staff_team_member;
drop table staff_team;
drop table staff_department;
drop table staff_user;
drop table setup_token;
drop table tenant;
