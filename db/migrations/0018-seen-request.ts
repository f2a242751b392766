import { sql, type Kysely } from 'kysely';

/** Requests that the proxies of an environment have seen, to try a change on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const inScope = `(select holdfast_scope()) in (project, '*')`;

const statements = [
  // So many slots and no more, however much is asked: a request has the slot of its hash, and the newer one takes it.
  `create table seen_request (
    project text not null,
    environment text not null,
    slot integer not null check (slot between 0 and 4999),
    port integer not null,
    method text not null,
    host text not null,
    path text not null,
    seen_at timestamptz not null default clock_timestamp(),
    primary key (project, environment, slot),
    foreign key (project, environment) references config_environment (project, name)
  )`,
  // As migration 0008 has it.
  `alter table seen_request enable row level security`,
  `alter table seen_request force row level security`,
  `create policy wall on seen_request using (${inScope}) with check (${inScope})`,
  `grant select, insert, update, delete on seen_request to holdfast_app`,
];
