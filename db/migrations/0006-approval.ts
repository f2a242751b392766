import { sql, type Kysely } from 'kysely';

/** More than one person may have to approve the same subject. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table canary_decision drop constraint canary_decision_operation_id_subject_key`,
  `alter table canary_decision add constraint canary_decision_once unique (operation_id, subject, decided_by)`,
];
