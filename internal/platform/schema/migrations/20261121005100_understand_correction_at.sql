-- +goose Up

-- Corrections are read by their moment.
create index understand_correction_at on understand_correction (tenant_id, at, id);

-- +goose Down
drop index understand_correction_at;
