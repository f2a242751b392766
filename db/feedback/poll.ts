import { sql } from 'kysely';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { Report } from '../../domain/feedback/report.ts';
import type { Db } from '../connect.ts';
import { receive } from './receive.ts';

export type Place = Readonly<Record<string, unknown>>;

/** How far a part of a source was read; null: not at all. */
export async function findPlace(db: Db, at: PartOfSource): Promise<Place | null> {
  const cursor = await cursorOf(db, at, false);
  return (cursor?.[at.part] as Place | undefined) ?? null;
}

export interface PartOfSource {
  readonly project: string;
  readonly source: string;
  readonly part: string;
}

export interface PolledPage extends PartOfSource {
  /** Redacted already. */
  readonly reports: readonly Report[];
  readonly from: Place | null;
  readonly to: Place;
  readonly isEnd: boolean;
  newId(): string;
}

/**
 * Keeps a page and how far it reaches, both or neither. Answers how many of its reports were new or changed something, or null where
 * somebody else read on from there meanwhile, and nothing is kept.
 */
export async function keepPage(db: Db, page: PolledPage): Promise<number | null> {
  const { project, source, part, reports, newId } = page;
  return db.transaction().execute(async (tx) => {
    const cursor = await cursorOf(tx, page, true);
    if (cursor === null || canonicalJson(cursor[part] ?? null) !== canonicalJson(page.from)) return null;
    const deliveryId = `poll/${newId()}`;
    const changed =
      reports.length === 0
        ? 0
        : (await receive(tx, { project, source, deliveryId, reports, isReread: true, newId })).changed;
    await tx
      .updateTable('feedback_source')
      .set({
        cursor: JSON.stringify({ ...cursor, [part]: page.to }),
        last_error: null,
        ...(page.isEnd ? { last_read_at: sql<Date>`now()` } : {}),
      })
      .where('project', '=', project)
      .where('name', '=', source)
      .execute();
    return changed;
  });
}

/** A poll that found nothing new, or failed. */
export async function notePoll(
  db: Db,
  { project, source }: PartOfSource,
  error: string | null,
): Promise<void> {
  await db
    .updateTable('feedback_source')
    .set(error === null ? { last_error: null, last_read_at: sql<Date>`now()` } : { last_error: error })
    .where('project', '=', project)
    .where('name', '=', source)
    .execute();
}

/** Sources that should be polled, of every project in scope; the sweep makes schedules of them. */
export async function polledSources(db: Db) {
  return db
    .selectFrom('feedback_source')
    .select(['project', 'name', 'kind', 'settings'])
    .where('enabled', '=', true)
    .where('kind', 'in', ['github', 'gitlab', 'reddit'])
    .orderBy('project')
    .orderBy('name')
    .execute();
}

/** null: there is no such source. */
async function cursorOf(
  db: Db,
  { project, source }: PartOfSource,
  forUpdate: boolean,
): Promise<Record<string, unknown> | null> {
  const query = db
    .selectFrom('feedback_source')
    .select('cursor')
    .where('project', '=', project)
    .where('name', '=', source);
  const row = await (forUpdate ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : (row.cursor ?? {});
}
