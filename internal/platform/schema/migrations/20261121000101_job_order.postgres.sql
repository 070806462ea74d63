-- +goose Up
-- Several nodes add jobs, and their clocks (from which ids are made) differ by
-- more than the time between two writes of one ticket. So the order of arrival
-- comes from the database here. It is no identity: nothing refers to it, it
-- orders one queue in one database, and gaps mean nothing.
create sequence job_order as bigint cache 1;

-- Rows live for milliseconds: dead ones are taken away by their number, not by
-- their share.
alter table job set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
alter table lease set (fillfactor = 50);

-- +goose Down
drop sequence job_order;
