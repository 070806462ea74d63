-- +goose Up
insert into customer_tag (tenant_id, tag, customer_id)
	select distinct c.tenant_id, j.value, c.id from customer c, json_each(c.tags) j where c.tags <> '[]';

-- +goose Down
delete from customer_tag;
