-- +goose Up

-- The log is read by state and by channel, newest first.
drop index notify_delivery_failed;
create index notify_delivery_state on notify_delivery (tenant_id, state, id);
create index notify_delivery_channel on notify_delivery (tenant_id, channel, id);

-- +goose Down
drop index notify_delivery_channel;
drop index notify_delivery_state;
create index notify_delivery_failed on notify_delivery (tenant_id, id) where state = 4;
