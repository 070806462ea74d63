-- +goose Up

-- Exports: what somebody took out, and how far the taking is. parts are the
-- pieces that are safe so far, mark is where the next begins. The row stays when
-- the file goes: it is the record of who took what.
create table exchange_export (
	tenant_id bigint not null,
	id bigint not null,
	user_id bigint not null,
	what ctext not null,
	format ctext not null,
	spec text not null,
	actor text not null,
	state ctext not null,
	total bigint,
	done bigint not null,
	mark text not null,
	parts text not null,
	truncated boolean not null,
	file ctext not null,
	size bigint not null,
	downloads integer not null,
	error_code ctext not null,
	created_at bigint not null,
	finished_at bigint,
	expires_at bigint,
	primary key (tenant_id, id)
)/*clustered*/;
create index exchange_export_user on exchange_export (tenant_id, user_id, id);

-- Imports: what somebody brought, how its columns are read, and how far it is:
-- mark is the number of the last row (as a spreadsheet counts) that is settled.
-- counts are those of the dry run, the others of the run.
create table exchange_import (
	tenant_id bigint not null,
	id bigint not null,
	user_id bigint,
	what ctext not null,
	name text not null,
	file ctext not null,
	size bigint not null,
	format ctext not null,
	encoding ctext not null,
	head text not null,
	columns text not null,
	options text not null,
	actor text not null,
	state ctext not null,
	total bigint not null,
	mark bigint not null,
	created bigint not null,
	updated bigint not null,
	skipped bigint not null,
	failed bigint not null,
	undone bigint not null,
	kept bigint not null,
	checked text not null,
	error_code ctext not null,
	created_at bigint not null,
	finished_at bigint,
	primary key (tenant_id, id)
)/*clustered*/;
create index exchange_import_user on exchange_import (tenant_id, user_id, id);

-- What became of each row. It is written in the transaction of the row's effect,
-- so that a row has its effect once; undoing goes by it.
create table exchange_item (
	tenant_id bigint not null,
	import_id bigint not null,
	row_no bigint not null,
	act ctext not null,
	object_id bigint,
	version bigint not null,
	before bytea,
	undo ctext not null,
	primary key (tenant_id, import_id, row_no)
)/*clustered*/;

-- What is wrong with rows: of the dry run (run false) or of the run.
create table exchange_error (
	tenant_id bigint not null,
	import_id bigint not null,
	run boolean not null,
	row_no bigint not null,
	problems text not null,
	primary key (tenant_id, import_id, run, row_no)
)/*clustered*/;

-- Undoing finds where a ticket came from.
create index ticket_import_ticket on ticket_import (tenant_id, ticket_id);

create table exchange_mapping (
	tenant_id bigint not null,
	what ctext not null,
	name ctext not null,
	columns text not null,
	saved_by bigint,
	saved_at bigint not null,
	primary key (tenant_id, what, name)
)/*clustered*/;

-- +goose Down
drop index ticket_import_ticket;
drop table exchange_mapping;
drop table exchange_error;
drop table exchange_item;
drop table exchange_import;
drop table exchange_export;
