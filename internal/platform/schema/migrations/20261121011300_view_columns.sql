-- +goose Up

-- What a view shows as a table (JSON: key and width of each column, empty for
-- the usual ones), the folder it lies in, and the role it is shared with.
alter table ticket_view add column columns text not null default '[]';
alter table ticket_view add column folder text not null default '';
alter table ticket_view add column role_id bigint;

-- +goose Down
alter table ticket_view drop column role_id;
alter table ticket_view drop column folder;
alter table ticket_view drop column columns;
