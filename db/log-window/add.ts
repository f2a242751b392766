import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { OpsError } from '../../domain/errors.ts';
import { type LogWindow, mergeWindows } from '../../domain/log-window/log-window.ts';
import type { KeyedWindow, WindowKey } from '../../domain/log-window/pre-aggregate.ts';
import { sizeMs } from '../../domain/log-window/window-size.ts';
import type { Db } from '../connect.ts';
import { keepTemplates } from './templates.ts';

export interface LogBatch {
  readonly project: string;
  /** The same for what is sent again, with the same fingerprint. */
  readonly batchId: string;
  readonly fingerprint: string;
  readonly lines: number;
  readonly windows: readonly KeyedWindow[];
}

export interface AddedBatch {
  readonly lines: number;
  readonly windows: number;
  /** It was here before and changed nothing. */
  readonly isKnown: boolean;
}

/**
 * Merges a batch into the project's windows, all or nothing, once: sent again it changes nothing and answers the same. Late lines go
 * where they belong. Batches of a project go one after the other; in whatever order, the windows are the same. Throws
 * `idempotency-mismatch` for another batch under the same id.
 */
export async function addBatch(db: Db, batch: LogBatch): Promise<AddedBatch> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`log-window ${batch.project}`}, 0))`.execute(
      tx,
    );
    const { lines } = batch;
    const known = await knownBatch(tx, batch);
    if (known !== null) return known;
    const texts = [...new Set(batch.windows.map(({ key }) => key.template))];
    const ids = await keepTemplates(tx, batch.project, texts);
    const merged = joined(
      batch.windows.map(({ key, window }) => ({
        key: { ...key, template: ids.get(key.template) ?? '' },
        window,
      })),
    );
    await save(tx, batch.project, await withStored(tx, batch.project, merged));
    const { project, batchId: batch_id, fingerprint } = batch;
    await tx
      .insertInto('log_window_batch')
      .values({ project, batch_id, fingerprint, lines, windows: merged.length })
      .execute();
    return { lines, windows: merged.length, isKnown: false };
  });
}

async function knownBatch(tx: Db, { project, batchId, fingerprint }: LogBatch): Promise<AddedBatch | null> {
  const row = await tx
    .selectFrom('log_window_batch')
    .selectAll()
    .where('project', '=', project)
    .where('batch_id', '=', batchId)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.fingerprint !== fingerprint)
    throw new OpsError(
      'idempotency-mismatch',
      'this Idempotency-Key was used with other lines; send a new key for a new batch',
    );
  return { lines: row.lines, windows: row.windows, isKnown: true };
}

/** Several templates may be counted under one. */
function joined(windows: readonly KeyedWindow[]): KeyedWindow[] {
  const byKey = new Map<string, KeyedWindow>();
  for (const one of windows) {
    const name = placeOf(one.key);
    const other = byKey.get(name);
    byKey.set(name, other === undefined ? one : { ...one, window: mergeWindows(other.window, one.window) });
  }
  return [...byKey.values()];
}

async function withStored(tx: Db, project: string, windows: readonly KeyedWindow[]): Promise<KeyedWindow[]> {
  const places = windows.map(({ key }) => ({
    size: sizeMs[key.size] / 1000,
    start: new Date(key.startMs),
    key: hashOf(key),
  }));
  const { rows } = await sql<StoredWindow>`
    select w.* from log_window w
    join jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as p (size integer, start timestamptz, key text)
      on w.size_seconds = p.size and w.starts_at = p.start and w.key = p.key
    where w.project = ${project}`.execute(tx);
  const stored = new Map(
    rows.map((row) => [`${row.size_seconds} ${row.starts_at.getTime()} ${row.key}`, row]),
  );
  return windows.map(({ key, window }) => {
    const row = stored.get(placeOf(key));
    return { key, window: row === undefined ? window : mergeWindows(windowFrom(row), window) };
  });
}

type StoredWindow = Omit<LogWindow, 'firstMs' | 'lastMs'> & {
  readonly size_seconds: number;
  readonly starts_at: Date;
  readonly key: string;
  readonly first_seen: Date;
  readonly last_seen: Date;
};

/** A window as it is stored. */
export function windowFrom(row: Omit<StoredWindow, 'size_seconds' | 'starts_at' | 'key'>): LogWindow {
  const { count, errors, latency, users, exemplars } = row;
  return {
    ...{ count, errors, latency, users, exemplars },
    firstMs: row.first_seen.getTime(),
    lastMs: row.last_seen.getTime(),
  };
}

async function save(tx: Db, project: string, windows: readonly KeyedWindow[]): Promise<void> {
  const rows = windows.map(({ key, window }) => ({
    ...{
      size: sizeMs[key.size] / 1000,
      start: new Date(key.startMs),
      key: hashOf(key),
      service: key.service,
    },
    ...{ route: key.route, template: key.template, status: key.statusClass, release: key.release },
    ...{ ...window, first: new Date(window.firstMs), last: new Date(window.lastMs) },
  }));
  await sql`
    insert into log_window (project, size_seconds, starts_at, key, service, route, template_id, status_class, release,
      count, errors, latency, users, first_seen, last_seen, exemplars)
    select ${project}, r.size, r.start, r.key, r.service, r.route, r.template, r.status, r.release,
      r.count, r.errors, r.latency, r.users, r.first, r.last, r.exemplars
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (size integer, start timestamptz, key text, service text, route text,
      template text, status text, release text, count bigint, errors bigint, latency jsonb, users jsonb,
      first timestamptz, last timestamptz, exemplars jsonb)
    on conflict (project, size_seconds, starts_at, key) do update set count = excluded.count, errors = excluded.errors,
      latency = excluded.latency, users = excluded.users, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
      exemplars = excluded.exemplars`.execute(tx);
}

function placeOf(key: WindowKey): string {
  return `${sizeMs[key.size] / 1000} ${key.startMs} ${hashOf(key)}`;
}

function hashOf({ service, route, template, statusClass, release }: WindowKey): string {
  return createHash('sha256')
    .update(JSON.stringify([service, route, template, statusClass, release]))
    .digest('hex')
    .slice(0, 32);
}
