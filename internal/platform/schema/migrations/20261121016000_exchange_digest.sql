-- +goose Up

-- The same table brought twice is told by its content; empty for those that came
-- before this was kept.
alter table exchange_import add column digest ctext not null default '';
create index exchange_import_digest on exchange_import (tenant_id, digest);

-- +goose Down
drop index exchange_import_digest;
alter table exchange_import drop column digest;
