-- +goose Up

-- Which tenants are demo companies, whose sign-ins are no secret. filled_at is
-- null while the filling is under way or when it was cut off.
create table demo (
	tenant_id bigint not null primary key,
	created_at bigint not null,
	filled_at bigint
);

-- +goose Down
drop table demo;
