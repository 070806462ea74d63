-- +goose Up

-- Business calendars, holiday tables and who uses which calendar. Nothing is
-- changed or deleted: each change of a tenant is a new revision, and a thing
-- is what its newest row at a revision says, so that business time counted in
-- the past can be counted again.
create table calendar_item (
	tenant_id bigint not null,
	kind ctext not null,
	id bigint not null,
	revision bigint not null,
	key ctext not null,
	retired boolean not null,
	body text not null,
	author_id bigint,
	at bigint not null,
	primary key (tenant_id, kind, id, revision)
);

-- The newest revision of a tenant; every change passes over this row.
create table calendar_revision (
	tenant_id bigint not null,
	revision bigint not null,
	primary key (tenant_id)
);

-- +goose Down
drop table calendar_revision;
drop table calendar_item;
