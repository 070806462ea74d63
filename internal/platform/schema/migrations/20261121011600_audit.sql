-- +goose Up

-- What administrators did, in more detail: what the thing was called, by which
-- operation and from where. Ids are ordered by time, so a span of time is a
-- span of ids.
alter table staff_event add column name text not null default '';
alter table staff_event add column operation ctext not null default '';
alter table staff_event add column addr ctext not null default '';
alter table staff_event add column credential ctext not null default '';
create index staff_event_actor on staff_event (tenant_id, actor_id, id);
create index staff_event_subject on staff_event (tenant_id, subject_id, id);
create index staff_event_kind on staff_event (tenant_id, kind, id);

-- +goose Down
drop index staff_event_kind;
drop index staff_event_subject;
drop index staff_event_actor;
alter table staff_event drop column credential;
alter table staff_event drop column addr;
alter table staff_event drop column operation;
alter table staff_event drop column name;
