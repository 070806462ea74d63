-- +goose Up

-- How each person stands now. chosen is the state that was last set by hand,
-- to which somebody comes back whose connection was lost; held says that the
-- state stays without a screen; gone_at is since when there has been none.
create table agent_state (
	tenant_id bigint not null,
	user_id bigint not null,
	state ctext not null,
	since bigint not null,
	until_at bigint,
	by_id bigint,
	forced boolean not null,
	reason text not null,
	held boolean not null,
	chosen ctext not null,
	chosen_at bigint not null,
	chosen_until bigint,
	gone_at bigint,
	version bigint not null,
	primary key (tenant_id, user_id)
)/*clustered*/;

-- The stretches that have ended; the one that runs is in agent_state.
create table agent_state_span (
	tenant_id bigint not null,
	user_id bigint not null,
	from_at bigint not null,
	to_at bigint not null,
	state ctext not null,
	by_id bigint,
	forced boolean not null,
	primary key (tenant_id, user_id, from_at)
)/*clustered*/;

-- Who has a screen open on which node. A row counts while its node's sign of
-- life is fresh.
create table agent_connection (
	tenant_id bigint not null,
	user_id bigint not null,
	node bigint not null,
	since bigint not null,
	primary key (tenant_id, user_id, node)
)/*clustered*/;

create table agent_node (
	tenant_id bigint not null,
	node bigint not null,
	at bigint not null,
	primary key (tenant_id, node)
);

create table roster_setting (
	tenant_id bigint not null,
	body text not null,
	version bigint not null,
	primary key (tenant_id)
);

-- +goose Down
drop table roster_setting;
drop table agent_node;
drop table agent_connection;
drop table agent_state_span;
drop table agent_state;
