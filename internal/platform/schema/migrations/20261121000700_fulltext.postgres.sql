-- +goose Up

-- What was indexed of each ticket: terms with the tag of the tenant. The ids
-- are ordered by time, and so are the partitions, one for each week; they are
-- made by the program. What falls outside of them is kept by the last.
create table fts_doc (
	tenant_id bigint not null,
	ticket_id bigint not null,
	terms tsvector not null,
	primary key (tenant_id, ticket_id)
) partition by range (ticket_id);

-- Entries are collected (in kB) and sorted in together: about three times as
-- fast as one by one; a search reads what is still collected, so it stays small.
create index fts_doc_terms on fts_doc using gin (terms) with (fastupdate = on, gin_pending_list_limit = 1024);
create table fts_doc_rest partition of fts_doc default;

-- +goose Down

drop table fts_doc;
