-- +goose Up

-- What came in for a ticket is found again when its customer is erased.
create index inbound_ticket on inbound (tenant_id, ticket_id) where ticket_id is not null;

-- +goose Down
drop index inbound_ticket;
