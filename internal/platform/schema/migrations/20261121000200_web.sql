-- +goose Up

-- One row for each POST with an Idempotency-Key that had an effect; status 0
-- means that its answer is not written down yet.
create table idempotency (
	tenant_id bigint not null,
	principal ctext not null,
	key ctext not null,
	hash bytea not null,
	status integer not null,
	content_type text not null,
	header text not null,
	answer bytea,
	created_at bigint not null,
	primary key (tenant_id, principal, key)
);

create index idempotency_age on idempotency (created_at);

-- +goose Down

drop table idempotency;
