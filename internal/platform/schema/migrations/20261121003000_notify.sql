-- +goose Up

-- What somebody is told: ids and keys only, words are made when it is read.
-- state: 0 not looked at by the pipeline yet, 1 in the bell, 2 not shown.
create table notification (
	tenant_id bigint not null,
	user_id bigint not null,
	id bigint not null,
	event ctext not null,
	ticket_id bigint,
	actor_id bigint,
	chain_id bigint,
	step integer not null,
	urgent boolean not null,
	data text not null,
	key ctext not null,
	state integer not null,
	created_at bigint not null,
	read_at bigint,
	acknowledged_at bigint,
	primary key (tenant_id, user_id, id)
)/*clustered*/;
-- The same thing is told once to the same person.
create unique index notification_key on notification (tenant_id, user_id, key);
create index notification_unread on notification (tenant_id, user_id, id) where read_at is null;
create index notification_read on notification (tenant_id, read_at) where read_at is not null;
create index notification_chain on notification (tenant_id, chain_id) where chain_id is not null;

-- Something that has to be acknowledged, and who is told when nobody does.
-- state: 0 open, 1 acknowledged, 2 nobody was left.
create table notify_chain (
	tenant_id bigint not null,
	id bigint not null,
	event ctext not null,
	ticket_id bigint,
	actor_id bigint,
	data text not null,
	key ctext not null,
	next text not null,
	within bigint not null,
	step integer not null,
	state integer not null,
	due_at bigint not null,
	ended_at bigint,
	ended_by bigint,
	primary key (tenant_id, id)
)/*clustered*/;
create index notify_chain_ended on notify_chain (tenant_id, ended_at) where ended_at is not null;

-- One message to one address. lead_id is the delivery with which it goes out
-- in one message; its own otherwise.
-- state: 0 waiting, 1 held for a digest or the end of quiet hours, 2 being
-- sent, 3 sent, 4 failed, 5 not wanted any more.
create table notify_delivery (
	tenant_id bigint not null,
	id bigint not null,
	lead_id bigint not null,
	user_id bigint not null,
	notification_id bigint not null,
	channel ctext not null,
	event ctext not null,
	ticket_id bigint,
	state integer not null,
	attempts integer not null,
	due_at bigint not null,
	created_at bigint not null,
	ended_at bigint,
	receipt text not null,
	error text not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index notify_delivery_person on notify_delivery (tenant_id, user_id, channel, id);
create index notify_delivery_held on notify_delivery (tenant_id, user_id, channel, due_at) where state = 1;
create index notify_delivery_lead on notify_delivery (tenant_id, lead_id);
create index notify_delivery_ended on notify_delivery (tenant_id, ended_at) where ended_at is not null;
create index notify_delivery_failed on notify_delivery (tenant_id, id) where state = 4;

-- How somebody wants to be told; addresses are sealed.
create table notify_preference (
	tenant_id bigint not null,
	user_id bigint not null,
	body text not null,
	addresses bytea,
	version bigint not null,
	primary key (tenant_id, user_id)
)/*clustered*/;

-- A browser that takes pushes. hash is that of the endpoint; what is needed to
-- send is sealed.
create table notify_subscription (
	tenant_id bigint not null,
	user_id bigint not null,
	id bigint not null,
	hash ctext not null,
	sealed bytea not null,
	agent text not null,
	created_at bigint not null,
	primary key (tenant_id, user_id, id)
)/*clustered*/;
create unique index notify_subscription_hash on notify_subscription (tenant_id, hash);

-- A tenant's ways to the outside.
create table notify_channel (
	tenant_id bigint not null,
	key ctext not null,
	kind ctext not null,
	active boolean not null,
	body text not null,
	secrets bytea,
	version bigint not null,
	primary key (tenant_id, key)
)/*clustered*/;

-- Templates that a tenant has changed.
create table notify_template (
	tenant_id bigint not null,
	event ctext not null,
	locale ctext not null,
	title text not null,
	body text not null,
	version bigint not null,
	primary key (tenant_id, event, locale)
)/*clustered*/;

-- +goose Down
drop table notify_template;
drop table notify_channel;
drop table notify_subscription;
drop table notify_preference;
drop table notify_delivery;
drop table notify_chain;
drop table notification;
