import { sql, type Kysely } from 'kysely';

/** Bounds the open operations of a project: each that counts holds one of so many slots, and no two hold the same. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // null: what is never counted out, such as a rollback.
  `alter table operation add column slot integer`,
  `create unique index operation_slot on operation (project, slot) where status <> 'closed' and slot is not null`,
];
