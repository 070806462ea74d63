-- +goose Up

-- Who writes a proposal of an incident holds the tenant's row, so that two
-- nodes which see the same wave make one incident of it.
create table understand_turn (
	tenant_id bigint not null primary key,
	taken bigint not null
);

-- +goose Down
drop table understand_turn;
