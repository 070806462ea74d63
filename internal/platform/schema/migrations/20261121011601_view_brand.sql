-- +goose Up

-- A session in which somebody looks at the workspace as another person or as a
-- role would see it, until when.
alter table staff_session add column as_user bigint;
alter table staff_session add column as_role bigint;
alter table staff_session add column as_until bigint not null default 0;

-- How the house looks to its people: JSON. The picture is small and stands
-- with it, so that a backup of the rows has it too.
alter table tenant add column brand text not null default '{}';
create table tenant_logo (
	tenant_id bigint not null primary key,
	hash ctext not null,
	content bytea not null
);

-- +goose Down
drop table tenant_logo;
alter table tenant drop column brand;
alter table staff_session drop column as_until;
alter table staff_session drop column as_role;
alter table staff_session drop column as_user;
