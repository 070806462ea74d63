-- +goose Up

-- What was indexed of each ticket: space-joined terms, each with the tag of
-- its bucket. FTS5 wants one integer key; ticket ids are unique over tenants.
create table fts_doc (
	ticket_id integer primary key,
	tenant_id bigint not null,
	terms text not null
);

-- A bucket is a range of one tenant's ids; its tag stands before every term of
-- its tickets, so that the lists of tenants and of distant times never meet.
create table fts_bucket (
	tenant_id bigint not null,
	first_id bigint not null,
	last_id bigint not null,
	docs integer not null,
	tag bigint not null,
	primary key (tenant_id, first_id)
) without rowid;
create unique index fts_bucket_tag on fts_bucket (tag);

create virtual table fts using fts5(terms, content='fts_doc', content_rowid='ticket_id',
	tokenize="ascii tokenchars '_'", detail=none, columnsize=0);
-- What is removed is really gone, not only marked.
insert into fts(fts, rank) values ('secure-delete', 1);

-- +goose Down

drop table fts;
drop table fts_bucket;
drop table fts_doc;
