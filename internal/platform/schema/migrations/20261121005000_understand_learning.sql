-- +goose Up

-- A model with all that it has learned since its training, so that a start
-- does not learn it again. One a field; it is nothing that could not be made
-- anew from the examples.
create table understand_checkpoint (
	tenant_id bigint not null,
	field ctext not null,
	model_id bigint not null,
	signature ctext not null,
	position bigint not null,
	recent text not null,
	data bytea not null,
	at bigint not null,
	primary key (tenant_id, field)
)/*clustered*/;

-- The last examples up to the position: one that is committed after others
-- with a higher id is missing here, and so is found.
alter table understand_model add column recent text not null default '[]';
alter table understand_run add column error_code ctext not null default '';

-- What is known of how far the tickets of an incident have come under its
-- parent, and why it was dismissed.
alter table understand_incident add column reason text not null default '';
alter table understand_incident_ticket add column hung smallint not null default 0;

-- Figures by region, and those of decisions that a person has judged apart
-- from those that nobody has looked at. What was counted before has neither.
alter table understand_score rename to understand_score_old;
create table understand_score (
	tenant_id bigint not null,
	week bigint not null,
	field ctext not null,
	channel ctext not null,
	language ctext not null,
	category_id bigint not null,
	tier ctext not null,
	region ctext not null,
	bin smallint not null,
	n integer not null,
	applied integer not null,
	correct integer not null,
	judged integer not null,
	judged_correct integer not null,
	confidence bigint not null,
	primary key (tenant_id, week, field, channel, language, category_id, tier, region, bin)
)/*clustered*/;
insert into understand_score (tenant_id, week, field, channel, language, category_id, tier, region, bin, n, applied, correct, judged, judged_correct, confidence)
	select tenant_id, week, field, channel, language, category_id, tier, '', bin, n, applied, correct, 0, 0, confidence from understand_score_old;
drop table understand_score_old;

-- +goose Down
alter table understand_score rename to understand_score_new;
create table understand_score (
	tenant_id bigint not null,
	week bigint not null,
	field ctext not null,
	channel ctext not null,
	language ctext not null,
	category_id bigint not null,
	tier ctext not null,
	bin smallint not null,
	n integer not null,
	applied integer not null,
	correct integer not null,
	confidence bigint not null,
	primary key (tenant_id, week, field, channel, language, category_id, tier, bin)
)/*clustered*/;
insert into understand_score (tenant_id, week, field, channel, language, category_id, tier, bin, n, applied, correct, confidence)
	select tenant_id, week, field, channel, language, category_id, tier, bin, sum(n), sum(applied), sum(correct), sum(confidence) from understand_score_new
	group by tenant_id, week, field, channel, language, category_id, tier, bin;
drop table understand_score_new;
alter table understand_incident_ticket drop column hung;
alter table understand_incident drop column reason;
alter table understand_run drop column error_code;
alter table understand_model drop column recent;
drop table understand_checkpoint;
