-- +goose Up

-- The clocks that ended on a day (of UTC, counted from 1970), packed for
-- reports. It is made from sla_clock and can be made again.
create table sla_packed (
	tenant_id bigint not null,
	day bigint not null,
	body bytea not null,
	primary key (tenant_id, day)
)/*clustered*/;

-- Days whose packing is not there yet or no longer what the clocks say: a row
-- for each change, so that no two writers meet.
create table sla_unpacked (
	tenant_id bigint not null,
	day bigint not null,
	id bigint not null,
	primary key (tenant_id, day, id)
)/*clustered*/;
insert into sla_unpacked (tenant_id, day, id)
	select distinct tenant_id, ended_at / 86400000, 0 from sla_clock where ended_at is not null;

-- +goose Down
drop table sla_unpacked;
drop table sla_packed;
