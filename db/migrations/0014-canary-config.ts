import { sql, type Kysely } from 'kysely';

/** A version may come with a revision of its proxy's configuration: { environment, revision, base }. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Frozen at the start; null: the version comes alone.
  `alter table canary_rollout add column config jsonb`,
  // What it was promoted with, so that a rollback puts both back.
  `alter table release add column config jsonb`,
];
