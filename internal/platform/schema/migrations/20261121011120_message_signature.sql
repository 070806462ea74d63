-- +goose Up

-- What goes under a reply by mail, as it was when it was sent.
alter table ticket_message add column signature text not null default '';

-- +goose Down
alter table ticket_message drop column signature;
