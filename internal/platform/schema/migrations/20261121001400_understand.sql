-- +goose Up

-- What a tenant has told its models: rules for the fields, lists of risk,
-- patterns, descriptions, language models. One document, read whole.
create table understand_setting (
	tenant_id bigint not null,
	name ctext not null,
	data text not null,
	version bigint not null,
	primary key (tenant_id, name)
)/*clustered*/;

-- Labelled texts. Those of a ticket have no text here: it is read from the
-- ticket, so that erasing the ticket erases the example. seq orders what a
-- model still has to learn.
create table understand_example (
	tenant_id bigint not null,
	field ctext not null,
	id bigint not null,
	label ctext not null,
	source ctext not null,
	ticket_id bigint,
	title text not null,
	text text not null,
	at bigint not null,
	primary key (tenant_id, field, id)
)/*clustered*/;
create unique index understand_example_ticket on understand_example (tenant_id, field, ticket_id) where ticket_id is not null;

create table understand_model (
	tenant_id bigint not null,
	field ctext not null,
	id bigint not null,
	state ctext not null,
	position bigint not null,
	examples integer not null,
	figures text not null,
	data bytea not null,
	note text not null,
	created_by bigint,
	created_at bigint not null,
	primary key (tenant_id, field, id)
)/*clustered*/;

create table understand_run (
	tenant_id bigint not null,
	id bigint not null,
	field ctext not null,
	state ctext not null,
	done integer not null,
	total integer not null,
	report text not null,
	error text not null,
	model_id bigint,
	promoted smallint not null,
	started_by bigint,
	started_at bigint not null,
	ended_at bigint,
	primary key (tenant_id, id)
)/*clustered*/;

-- Which tickets stand behind the cells of a run's confusion matrix.
create table understand_holdout (
	tenant_id bigint not null,
	run_id bigint not null,
	actual ctext not null,
	predicted ctext not null,
	ticket_id bigint not null,
	primary key (tenant_id, run_id, actual, predicted, ticket_id)
)/*clustered*/;

-- What became of a decision when the ticket was solved, and the same added up.
create table understand_outcome (
	tenant_id bigint not null,
	ticket_id bigint not null,
	field ctext not null,
	data text not null,
	primary key (tenant_id, ticket_id, field)
)/*clustered*/;

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

-- Corrections by people, for review.
create table understand_correction (
	tenant_id bigint not null,
	id bigint not null,
	ticket_id bigint not null,
	field ctext not null,
	was ctext not null,
	became ctext not null,
	confidence double precision not null,
	by_id bigint,
	at bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index understand_correction_ticket on understand_correction (tenant_id, ticket_id, field);

create table understand_incident (
	tenant_id bigint not null,
	id bigint not null,
	state ctext not null,
	title text not null,
	words text not null,
	count integer not null,
	customers integer not null,
	expected double precision not null,
	score double precision not null,
	since bigint not null,
	parent_id bigint,
	judged_by bigint,
	created_at bigint not null,
	updated_at bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;
create index understand_incident_state on understand_incident (tenant_id, state, id);

create table understand_incident_ticket (
	tenant_id bigint not null,
	incident_id bigint not null,
	ticket_id bigint not null,
	primary key (tenant_id, incident_id, ticket_id)
)/*clustered*/;
create index understand_incident_of on understand_incident_ticket (tenant_id, ticket_id, incident_id);

-- What was read out of an attachment, and what a language model added.
create table understand_extra (
	tenant_id bigint not null,
	ticket_id bigint not null,
	kind ctext not null,
	ref bigint not null,
	data text not null,
	at bigint not null,
	primary key (tenant_id, ticket_id, kind, ref)
)/*clustered*/;

create table understand_call (
	tenant_id bigint not null,
	id bigint not null,
	task ctext not null,
	provider ctext not null,
	model ctext not null,
	prompt_hash ctext not null,
	tokens_in integer not null,
	tokens_out integer not null,
	cost_micro bigint not null,
	latency_ms integer not null,
	outcome ctext not null,
	at bigint not null,
	primary key (tenant_id, id)
)/*clustered*/;

create table understand_budget (
	tenant_id bigint not null,
	day bigint not null,
	task ctext not null,
	calls integer not null,
	cost_micro bigint not null,
	primary key (tenant_id, day, task)
)/*clustered*/;

-- +goose Down
drop table understand_budget;
drop table understand_call;
drop table understand_extra;
drop table understand_incident_ticket;
drop table understand_incident;
drop table understand_correction;
drop table understand_score;
drop table understand_outcome;
drop table understand_holdout;
drop table understand_run;
drop table understand_model;
drop table understand_example;
drop table understand_setting;
