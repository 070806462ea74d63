-- +goose Up

-- Which queue a decision was about, so that what was given last and how fast a
-- queue moves are read from the index alone.
alter table routing_decision add column team_id bigint;
drop index routing_decision_at;
create index routing_decision_at on routing_decision (tenant_id, at, shadow, outcome, team_id);

-- +goose Down
drop index routing_decision_at;
create index routing_decision_at on routing_decision (tenant_id, at);
alter table routing_decision drop column team_id;
