-- +goose Up

-- Replies that wait for their time. seen_id is the newest message when it was
-- ordered; error says why it could not be sent when its time had come.
create table ticket_scheduled (
	tenant_id bigint not null,
	id bigint not null,
	ticket_id bigint not null,
	author_id bigint not null,
	text text not null,
	html text not null,
	attachments text not null,
	status text not null,
	due_at bigint not null,
	seen_id bigint not null,
	error ctext not null,
	created_at bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index ticket_scheduled_ticket on ticket_scheduled (tenant_id, ticket_id, due_at);

-- +goose Down
drop table ticket_scheduled;
