-- +goose Up

-- Data keys of the tenants, each wrapped by the master key. Tenant 0 holds one
-- row that says which master key this store was made with.
create table secret_key (
	tenant_id bigint not null,
	id bigint not null,
	purpose ctext not null,
	wrapped bytea not null,
	created_at bigint not null,
	retired_at bigint,
	primary key (tenant_id, id)
);
-- One key seals at a time; retired ones still open.
create unique index secret_key_active on secret_key (tenant_id, purpose) where retired_at is null;

-- +goose Down
drop table secret_key;
