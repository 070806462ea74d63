-- +goose Up

-- Special care: until when, and sealed under the customer's key why and by whom.
-- For good is the largest number there is.
alter table customer add column care_until bigint;
alter table customer add column care bytea;
create index customer_care on customer (tenant_id, id) where care_until is not null;
create index customer_tier on customer (tenant_id, tier, id) where tier <> 'normal';

-- What the survivor of a merge had of its own before, sealed under its key.
alter table customer_merge add column kept bytea;

create table customer_tag (
	tenant_id bigint not null,
	tag ctext not null,
	customer_id bigint not null,
	primary key (tenant_id, tag, customer_id)
)/*clustered*/;

-- Addresses and mail domains whose contacts are refused. The address itself is
-- not kept: its blind index finds it, and display shows it masked.
create table blocked_sender (
	tenant_id bigint not null,
	blind bytea not null,
	id bigint not null,
	kind ctext not null,
	display text not null,
	reason text not null,
	until_at bigint,
	created_by bigint,
	created_at bigint not null,
	primary key (tenant_id, blind)
)/*clustered*/;
create unique index blocked_sender_id on blocked_sender (tenant_id, id);

-- A company has several domains, each of them only one company.
drop index company_domain;
create table company_domain (
	tenant_id bigint not null,
	domain ctext not null,
	company_id bigint not null,
	primary key (tenant_id, domain)
)/*clustered*/;
insert into company_domain (tenant_id, domain, company_id) select tenant_id, domain, id from company where domain is not null;
alter table company drop column domain;
alter table company add column domains text not null default '[]';
alter table company add column contract text not null default '{}';
update company set domains = (select '["' || d.domain || '"]' from company_domain d where d.tenant_id = company.tenant_id and d.company_id = company.id)
	where exists (select 1 from company_domain d where d.tenant_id = company.tenant_id and d.company_id = company.id);
create index company_tier on company (tenant_id, tier, id) where tier <> 'normal';

create index ticket_company on ticket (tenant_id, company_id, id) where company_id is not null;
create index ticket_company_active on ticket (tenant_id, company_id, id) where company_id is not null and status <= 4;

-- What somebody has typed for a caller and not yet saved, sealed: it holds a
-- number and a name.
create table ticket_new_draft (
	tenant_id bigint not null,
	user_id bigint not null,
	sealed bytea not null,
	updated_at bigint not null,
	primary key (tenant_id, user_id)
)/*clustered*/;

-- +goose Down
drop table ticket_new_draft;
drop index ticket_company_active;
drop index ticket_company;
drop index company_tier;
alter table company drop column contract;
alter table company drop column domains;
alter table company add column domain ctext;
drop table company_domain;
create unique index company_domain on company (tenant_id, domain) where domain is not null;
drop table blocked_sender;
drop table customer_tag;
alter table customer_merge drop column kept;
drop index customer_tier;
drop index customer_care;
alter table customer drop column care;
alter table customer drop column care_until;
