-- +goose Up

-- Shift templates and rotations.
create table roster_item (
	tenant_id bigint not null,
	kind ctext not null,
	id bigint not null,
	body text not null,
	retired boolean not null,
	version bigint not null,
	primary key (tenant_id, kind, id)
);

-- The plan of one person on one day: what is published, and what shall be
-- published next (null: the same). Hours are those of the template when it was
-- planned. Every change of a plan passes over the tenant's row of
-- roster_revision.
create table roster_cell (
	tenant_id bigint not null,
	day bigint not null,
	user_id bigint not null,
	published text not null,
	draft text,
	version bigint not null,
	primary key (tenant_id, day, user_id)
)/*clustered*/;
create index roster_cell_user on roster_cell (tenant_id, user_id, day);

create table roster_revision (
	tenant_id bigint not null,
	revision bigint not null,
	primary key (tenant_id)
);

create table roster_publication (
	tenant_id bigint not null,
	id bigint not null,
	from_day bigint not null,
	to_day bigint not null,
	cells bigint not null,
	by_id bigint,
	at bigint not null,
	undone_at bigint,
	primary key (tenant_id, id)
);

-- What stood in a cell before, and the version that the publication made.
create table roster_publication_cell (
	tenant_id bigint not null,
	publication_id bigint not null,
	day bigint not null,
	user_id bigint not null,
	before text not null,
	version bigint not null,
	primary key (tenant_id, publication_id, day, user_id)
)/*clustered*/;

create table roster_leave (
	tenant_id bigint not null,
	id bigint not null,
	user_id bigint not null,
	kind ctext not null,
	from_at bigint not null,
	to_at bigint not null,
	reason text not null,
	state ctext not null,
	asked_at bigint not null,
	judge_id bigint,
	judged_at bigint,
	answer text not null,
	version bigint not null,
	primary key (tenant_id, id)
);
create index roster_leave_user on roster_leave (tenant_id, user_id, from_at);
create index roster_leave_time on roster_leave (tenant_id, to_at);

create table roster_swap (
	tenant_id bigint not null,
	id bigint not null,
	user_id bigint not null,
	day bigint not null,
	gives text not null,
	other_id bigint not null,
	other_day bigint not null,
	takes text not null,
	reason text not null,
	state ctext not null,
	asked_at bigint not null,
	judge_id bigint,
	judged_at bigint,
	answer text not null,
	version bigint not null,
	primary key (tenant_id, id)
);
create index roster_swap_user on roster_swap (tenant_id, user_id, id);
create index roster_swap_other on roster_swap (tenant_id, other_id, id);

create table roster_handover (
	tenant_id bigint not null,
	id bigint not null,
	user_id bigint not null,
	to_id bigint,
	team_id bigint,
	note text not null,
	tickets text not null,
	state ctext not null,
	at bigint not null,
	taken_by bigint,
	taken_at bigint,
	version bigint not null,
	primary key (tenant_id, id)
);
create index roster_handover_user on roster_handover (tenant_id, user_id, id);
create index roster_handover_to on roster_handover (tenant_id, to_id, id);
create index roster_handover_team on roster_handover (tenant_id, team_id, id);

-- +goose Down
drop table roster_handover;
drop table roster_swap;
drop table roster_leave;
drop table roster_publication_cell;
drop table roster_publication;
drop table roster_revision;
drop table roster_cell;
drop table roster_item;
