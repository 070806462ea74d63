-- +goose Up

-- Everything that a tenant has set up about its tickets: types, fields,
-- categories, sub-statuses and lists of codes. Small, read whole into memory,
-- so one table of typed JSON bodies serves them all.
create table form_item (
	tenant_id bigint not null,
	kind ctext not null,
	id bigint not null,
	key ctext not null,
	parent_id bigint,
	position integer not null,
	retired boolean not null,
	body text not null,
	version bigint not null,
	updated_at bigint not null,
	primary key (tenant_id, kind, id)
);
create unique index form_item_key on form_item (tenant_id, kind, key);

create table form_version (
	tenant_id bigint not null,
	version bigint not null,
	primary key (tenant_id)
);

-- +goose Down
drop table form_version;
drop table form_item;
