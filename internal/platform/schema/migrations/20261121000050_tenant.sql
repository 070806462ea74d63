-- +goose Up
create table tenant (
  id bigint not null primary key,
  slug ctext not null unique,
  name text not null,
  settings text not null default '{}',
  created_at bigint not null
);

-- +goose Down
drop table tenant;
