-- +goose Up

-- The picture of a person, a small JPEG; by its hash everybody knows which it is.
alter table staff_user add column picture ctext not null default '';
create table staff_picture (
	tenant_id bigint not null,
	user_id bigint not null,
	hash ctext not null,
	content bytea not null,
	primary key (tenant_id, user_id)
);

-- +goose Down
drop table staff_picture;
alter table staff_user drop column picture;
