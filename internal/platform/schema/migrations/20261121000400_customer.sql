-- +goose Up

-- Note and fields are sealed under the customer's own key (wrapped_key), which
-- is erased with the person. A merged customer keeps its row, so that it can be
-- taken apart again.
create table customer (
	tenant_id bigint not null,
	id bigint not null,
	name text not null,
	sort_key ctext not null,
	named boolean not null,
	tier ctext not null,
	company_id bigint,
	tags text not null,
	language ctext not null,
	note bytea,
	fields bytea,
	wrapped_key bytea,
	merged_into bigint,
	created_at bigint not null,
	updated_at bigint not null,
	version bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index customer_company on customer (tenant_id, company_id, sort_key, id) where company_id is not null;
create index customer_merged on customer (tenant_id, merged_into, id) where merged_into is not null;

-- The blind index is the key: one address belongs to one customer. origin_id is
-- the customer under whose key the value is sealed; a merge moves customer_id.
create table customer_identity (
	tenant_id bigint not null,
	blind bytea not null,
	id bigint not null,
	customer_id bigint not null,
	origin_id bigint not null,
	kind ctext not null,
	sealed bytea not null,
	last4 ctext not null,
	verified_at bigint,
	created_at bigint not null,
	primary key (tenant_id, blind)
)/*clustered*/;
create index customer_identity_owner on customer_identity (tenant_id, customer_id, id);
create index customer_identity_last4 on customer_identity (tenant_id, last4, customer_id) where last4 <> '';

create table customer_term (
	tenant_id bigint not null,
	term ctext not null,
	customer_id bigint not null,
	primary key (tenant_id, term, customer_id)
)/*clustered*/;

create table customer_event (
	tenant_id bigint not null,
	customer_id bigint not null,
	id bigint not null,
	at bigint not null,
	actor_kind ctext not null,
	actor_id bigint,
	name ctext not null,
	data text not null,
	primary key (tenant_id, customer_id, id)
)/*clustered*/;

create table customer_merge (
	tenant_id bigint not null,
	id bigint not null,
	from_id bigint not null,
	into_id bigint not null,
	data text not null,
	actor_kind ctext not null,
	actor_id bigint,
	created_at bigint not null,
	undone_at bigint,
	primary key (tenant_id, id)
);
create index customer_merge_into on customer_merge (tenant_id, into_id);

-- What a merge moved, so that taking it back moves the same things.
create table customer_merge_item (
	tenant_id bigint not null,
	merge_id bigint not null,
	kind ctext not null,
	item_id bigint not null,
	primary key (tenant_id, merge_id, kind, item_id)
)/*clustered*/;

create table company (
	tenant_id bigint not null,
	id bigint not null,
	name text not null,
	sort_key ctext not null,
	domain ctext,
	tier ctext not null,
	parent_id bigint,
	tags text not null,
	note text not null,
	fields text not null,
	created_at bigint not null,
	updated_at bigint not null,
	version bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create unique index company_domain on company (tenant_id, domain) where domain is not null;
create index company_parent on company (tenant_id, parent_id, id) where parent_id is not null;

create table company_term (
	tenant_id bigint not null,
	term ctext not null,
	company_id bigint not null,
	primary key (tenant_id, term, company_id)
)/*clustered*/;

-- +goose Down
drop table company_term;
drop table company;
drop table customer_merge_item;
drop table customer_merge;
drop table customer_event;
drop table customer_term;
drop table customer_identity;
drop table customer;
