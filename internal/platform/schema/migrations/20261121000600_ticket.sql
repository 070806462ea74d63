-- +goose Up

create table ticket (
	tenant_id bigint not null,
	id bigint not null,
	number ctext not null,
	subject text not null,
	status smallint not null,
	substatus_id bigint,
	priority smallint not null,
	type ctext not null,
	category_id bigint,
	channel ctext not null,
	language ctext not null,
	requester_id bigint,
	company_id bigint,
	creator_kind ctext not null,
	creator_id bigint,
	assignee_id bigint,
	team_id bigint,
	department_id bigint,
	tags text not null,
	fields text not null,
	hold_reason ctext not null,
	cancel_reason ctext not null,
	snoozed_until bigint,
	parent_id bigint,
	merged_into bigint,
	resolution text,
	reopen_count integer not null,
	repeat_count integer not null,
	message_count integer not null,
	child_count integer not null,
	open_child_count integer not null,
	last_message text,
	first_replied_at bigint,
	solved_at bigint,
	closed_at bigint,
	created_at bigint not null,
	updated_at bigint not null,
	version bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;

create unique index ticket_number on ticket (tenant_id, number);
create index ticket_requester on ticket (tenant_id, requester_id, id);
-- The working set is small and hot: lists of active tickets have indexes of
-- their own that a million closed tickets do not touch.
create index ticket_active on ticket (tenant_id, updated_at, id) where status <= 4;
create index ticket_active_assignee on ticket (tenant_id, assignee_id, updated_at, id) where status <= 4;
create index ticket_active_team on ticket (tenant_id, team_id, updated_at, id) where status <= 4;
create index ticket_status on ticket (tenant_id, status, updated_at, id);
create index ticket_updated on ticket (tenant_id, updated_at, id);
create index ticket_parent on ticket (tenant_id, parent_id, id) where parent_id is not null;

create table ticket_message (
	tenant_id bigint not null,
	ticket_id bigint not null,
	id bigint not null,
	seq bigint not null,
	kind ctext not null,
	author_kind ctext not null,
	author_id bigint,
	channel ctext not null,
	text text not null,
	html text not null,
	external_id ctext not null,
	created_at bigint not null,
	undo_until bigint,
	withdrawn_at bigint,
	primary key (tenant_id, ticket_id, id)
)/*clustered*/;

create table ticket_event (
	tenant_id bigint not null,
	ticket_id bigint not null,
	seq bigint not null,
	at bigint not null,
	actor_kind ctext not null,
	actor_id bigint,
	name ctext not null,
	data text not null,
	cause ctext not null,
	depth smallint not null,
	primary key (tenant_id, ticket_id, seq)
)/*clustered*/;

-- What a person typed as a reason, or what was in a field that may hold
-- personal data: the event keeps a commitment, this row can be erased.
create table ticket_event_text (
	tenant_id bigint not null,
	ticket_id bigint not null,
	seq bigint not null,
	name ctext not null,
	value text not null,
	primary key (tenant_id, ticket_id, seq, name)
)/*clustered*/;

create table ticket_attachment (
	tenant_id bigint not null,
	id bigint not null,
	ticket_id bigint,
	message_id bigint,
	uploader_kind ctext not null,
	uploader_id bigint,
	name text not null,
	type ctext not null,
	size bigint not null,
	sha256 ctext not null,
	content_id ctext not null,
	inline boolean not null,
	created_at bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index ticket_attachment_ticket on ticket_attachment (tenant_id, ticket_id, message_id) where ticket_id is not null;

create table ticket_tag (
	tenant_id bigint not null,
	tag ctext not null,
	ticket_id bigint not null,
	primary key (tenant_id, tag, ticket_id)
)/*clustered*/;
create index ticket_tag_ticket on ticket_tag (tenant_id, ticket_id);

-- Values of fields marked indexed, for lists that filter by them.
create table ticket_field (
	tenant_id bigint not null,
	field ctext not null,
	value ctext not null,
	ticket_id bigint not null,
	primary key (tenant_id, field, value, ticket_id)
)/*clustered*/;
create index ticket_field_ticket on ticket_field (tenant_id, ticket_id);

create table ticket_person (
	tenant_id bigint not null,
	user_id bigint not null,
	role ctext not null,
	ticket_id bigint not null,
	at bigint not null,
	primary key (tenant_id, user_id, role, ticket_id)
)/*clustered*/;
create index ticket_person_ticket on ticket_person (tenant_id, ticket_id);

create table ticket_link (
	tenant_id bigint not null,
	from_id bigint not null,
	kind ctext not null,
	to_id bigint not null,
	at bigint not null,
	primary key (tenant_id, from_id, kind, to_id)
)/*clustered*/;
create index ticket_link_to on ticket_link (tenant_id, to_id);

create table ticket_draft (
	tenant_id bigint not null,
	user_id bigint not null,
	ticket_id bigint not null,
	kind ctext not null,
	text text not null,
	html text not null,
	updated_at bigint not null,
	primary key (tenant_id, user_id, ticket_id)
)/*clustered*/;

-- Numbers are taken in blocks by a node, so that no counter is a hot row.
create table ticket_number_block (
	tenant_id bigint not null,
	scope ctext not null,
	next bigint not null,
	primary key (tenant_id, scope)
);

-- A reaction that failed on a ticket catches up from here; others go on.
create table ticket_reaction_lag (
	tenant_id bigint not null,
	ticket_id bigint not null,
	reaction ctext not null,
	seq bigint not null,
	primary key (tenant_id, ticket_id, reaction)
);

create table ticket_view (
	tenant_id bigint not null,
	id bigint not null,
	name text not null,
	scope ctext not null,
	owner_id bigint,
	team_id bigint,
	filter text not null,
	sort ctext not null,
	position integer not null,
	created_at bigint not null,
	version bigint not null,
	primary key (tenant_id, id)
);

create table ticket_undo (
	tenant_id bigint not null,
	id bigint not null,
	actor_id bigint,
	kind ctext not null,
	data text not null,
	created_at bigint not null,
	expires_at bigint not null,
	done_at bigint,
	primary key (tenant_id, id)
);

-- Rows of tables that were taken in, so that an import can be run again.
create table ticket_import (
	tenant_id bigint not null,
	source ctext not null,
	ref ctext not null,
	ticket_id bigint not null,
	primary key (tenant_id, source, ref)
)/*clustered*/;

-- How each ticket stood before a bulk change, and the version the change made.
create table ticket_undo_item (
	tenant_id bigint not null,
	undo_id bigint not null,
	ticket_id bigint not null,
	version bigint not null,
	before text not null,
	primary key (tenant_id, undo_id, ticket_id)
)/*clustered*/;

create table ticket_bulk (
	tenant_id bigint not null,
	id bigint not null,
	actor_id bigint,
	action ctext not null,
	input text not null,
	ids text not null,
	state ctext not null,
	total integer not null,
	done integer not null,
	failed integer not null,
	errors text not null,
	undo_id bigint,
	created_at bigint not null,
	finished_at bigint,
	primary key (tenant_id, id)
);

-- +goose Down
drop table ticket_bulk;
drop table ticket_undo_item;
drop table ticket_import;
drop table ticket_undo;
drop table ticket_view;
drop table ticket_reaction_lag;
drop table ticket_number_block;
drop table ticket_draft;
drop table ticket_link;
drop table ticket_person;
drop table ticket_field;
drop table ticket_tag;
drop table ticket_attachment;
drop table ticket_event_text;
drop table ticket_event;
drop table ticket_message;
drop table ticket;
