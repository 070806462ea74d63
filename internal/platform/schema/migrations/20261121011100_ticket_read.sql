-- +goose Up

-- How far each person has read a ticket: the newest message that was on their
-- screen, and when that was.
create table ticket_read (
	tenant_id bigint not null,
	user_id bigint not null,
	ticket_id bigint not null,
	message_id bigint not null,
	at bigint not null,
	primary key (tenant_id, user_id, ticket_id)
)/*clustered*/;
create index ticket_read_age on ticket_read (tenant_id, user_id, at);

-- +goose Down
drop table ticket_read;
