-- +goose Up

-- A view is shared with several teams, or with several roles (JSON: their ids),
-- and may be retired: kept, but in nobody's column.
alter table ticket_view add column seen_by text not null default '[]';
alter table ticket_view add column retired boolean not null default false;
update ticket_view set seen_by = '["' || cast(coalesce(team_id, role_id) as text) || '"]' where team_id is not null or role_id is not null;
alter table ticket_view drop column role_id;
alter table ticket_view drop column team_id;

-- +goose Down
alter table ticket_view add column team_id bigint;
alter table ticket_view add column role_id bigint;
alter table ticket_view drop column retired;
alter table ticket_view drop column seen_by;
