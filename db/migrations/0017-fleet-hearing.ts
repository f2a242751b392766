import { sql, type Kysely } from 'kysely';

/** Since when the agents of proxies can be heard: who could not have been heard is not silent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // One row, of the installation: whichever API listens.
  `create table fleet_hearing (
    id boolean primary key default true check (id),
    since timestamptz not null,
    lost_at timestamptz,
    listened_at timestamptz not null
  )`,
  `grant select, insert, update on fleet_hearing to holdfast_app`,
];
