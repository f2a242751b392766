import { sql, type Kysely } from 'kysely';

/** Answers of 400 to 499: no errors, but a change after which there are more of them may be one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`alter table proxy_window add column refused bigint not null default 0`).execute(db);
}
