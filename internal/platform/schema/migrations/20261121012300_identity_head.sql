-- +goose Up

-- A telephone number is found by its beginning too: a blind index of the first
-- seven digits after the country code, null for other addresses. Rows of an
-- older store have none yet and are filled in by the server.
alter table customer_identity add column head bytea;
create index customer_identity_head on customer_identity (tenant_id, head, customer_id) where head is not null;
create index customer_identity_headless on customer_identity (tenant_id, id) where head is null and kind in ('phone', 'whatsapp');

-- +goose Down
drop index customer_identity_headless;
drop index customer_identity_head;
alter table customer_identity drop column head;
