-- +goose Up

-- What came in, before anybody understood it: the row and the raw content are
-- durable before the sender hears that it was taken.
create table inbound (
	tenant_id bigint not null,
	id bigint not null,
	channel ctext not null,
	dedup_key ctext not null,
	kind ctext not null,
	state ctext not null,
	reason ctext not null,
	detail text not null,
	blob ctext not null,
	size bigint not null,
	ticket_id bigint,
	message_id bigint,
	received_at bigint not null,
	done_at bigint,
	primary key (tenant_id, id)
)/*clustered*/;
-- Raw content that is small stands here, in the same commit as its record; what
-- is larger is in the file store under the hash in blob.
create table inbound_raw (
	tenant_id bigint not null,
	inbound_id bigint not null,
	content bytea not null,
	primary key (tenant_id, inbound_id)
);

create unique index inbound_dedup on inbound (tenant_id, channel, dedup_key);
create index inbound_open on inbound (tenant_id, state, id) where state <> 'done';

-- Which ticket the conversation with an outside key belongs to. Keys are
-- hashed: a message id can hold an address.
create table thread (
	tenant_id bigint not null,
	channel ctext not null,
	external_key ctext not null,
	ticket_id bigint not null,
	message_id bigint,
	at bigint not null,
	primary key (tenant_id, channel, external_key)
)/*clustered*/;
create index thread_ticket on thread (tenant_id, ticket_id);

-- +goose Down
drop table thread;
drop table inbound_raw;
drop table inbound;
