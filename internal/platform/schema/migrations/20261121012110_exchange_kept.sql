-- +goose Up

-- Why a row could not be taken back: a code and the parts that stay.
alter table exchange_item add column kept text not null default '';

-- +goose Down
alter table exchange_item drop column kept;
