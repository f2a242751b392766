import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { generalise } from '../../domain/log-template/generalise.ts';
import { anything } from '../../domain/log-template/mask-token.ts';
import { maskVersion } from '../../domain/log-template/mask.ts';
import type { Db } from '../connect.ts';

/** Of one project; what comes when they are all there is counted under the template that fits everything. */
const mostTemplates = 10_000;

/** The same in every process and after every restart. */
export function templateId(text: string): string {
  return createHash('sha256').update(`${maskVersion}\n${text}`).digest('hex').slice(0, 24);
}

/**
 * Rows for masked texts; answers the id that each is counted under. New ones make the project's templates anew, all at once, so that
 * what they come to does not depend on who sent what first. Whoever calls holds the project's lock (add.ts).
 */
export async function keepTemplates(
  tx: Db,
  project: string,
  texts: readonly string[],
): Promise<Map<string, string>> {
  const wanted = new Map(texts.map((text) => [text, templateId(text)]));
  const known = await observedAmong(tx, project, [...wanted.values()]);
  const fresh = texts.filter((text) => !known.has(wanted.get(text) ?? ''));
  if (fresh.length === 0) return wanted;
  const room = mostTemplates - (await countObserved(tx, project));
  const taken = fresh.toSorted().slice(0, Math.max(0, room));
  const spilt = fresh.toSorted().slice(taken.length);
  if (spilt.length > 0) await insert(tx, project, [anything], false);
  for (const text of spilt) wanted.set(text, templateId(anything));
  if (taken.length > 0) {
    await insert(tx, project, taken, true);
    await mineAnew(tx, project);
  }
  return wanted;
}

async function observedAmong(tx: Db, project: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('log_template')
    .select('id')
    .where('project', '=', project)
    .where('observed', '=', true)
    .where('id', '=', sql<string>`any(${ids})`)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

async function countObserved(tx: Db, project: string): Promise<number> {
  const { count } = await tx
    .selectFrom('log_template')
    .select((part) => part.fn.countAll<number>().as('count'))
    .where('project', '=', project)
    .where('observed', '=', true)
    .executeTakeFirstOrThrow();
  return count;
}

async function observedTexts(tx: Db, project: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('log_template')
    .select('text')
    .where('project', '=', project)
    .where('observed', '=', true)
    .execute();
  return rows.map(({ text }) => text);
}

async function insert(tx: Db, project: string, texts: readonly string[], observed: boolean): Promise<void> {
  const rows = texts.map((text) => ({ id: templateId(text), text }));
  await sql`
    insert into log_template (project, id, text, root_id, observed)
    select ${project}, id, text, id, ${observed} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id text, text text)
    on conflict (project, id) do update set observed = log_template.observed or excluded.observed`.execute(
    tx,
  );
}

async function mineAnew(tx: Db, project: string): Promise<void> {
  const templates = generalise(await observedTexts(tx, project));
  await insert(tx, project, [...new Set(templates.values())], false);
  const rows = [...templates].map(([text, root]) => ({ id: templateId(text), root: templateId(root) }));
  await sql`
    update log_template set root_id = r.root
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id text, root text)
    where project = ${project} and log_template.id = r.id and root_id <> r.root`.execute(tx);
}
