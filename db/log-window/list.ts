import { sql } from 'kysely';
import { OpsError } from '../../domain/errors.ts';
import { type LogWindow, mergeWindows } from '../../domain/log-window/log-window.ts';
import { sizeMs, type WindowSize } from '../../domain/log-window/window-size.ts';
import type { Db } from '../connect.ts';
import { windowFrom } from './add.ts';

export interface WindowRange {
  readonly project: string;
  /** From this time on, up to but without the other. */
  readonly from: Date;
  readonly to: Date;
  readonly size: WindowSize;
  readonly service: string | null;
  readonly template: string | null;
}

/** What one kind of line came to in a range of time. */
export interface TemplateWindows {
  readonly id: string;
  readonly text: string;
  readonly whole: LogWindow;
  readonly services: string[];
  readonly routes: string[];
  readonly releases: string[];
  /** Oldest first; windows without a line are left out. */
  readonly series: readonly { readonly at: Date; readonly count: number; readonly errors: number }[];
}

const mostRows = 20_000;

/** Most errors first, then most lines. Templates that became one are told as one. Throws `invalid-input` when it would be too much to read. */
export async function listTemplateWindows(db: Db, range: WindowRange): Promise<TemplateWindows[]> {
  const rows = await read(db, range);
  if (rows.length > mostRows)
    throw new OpsError(
      'invalid-input',
      `there are more than ${mostRows} windows in this range: choose a larger size, a shorter range or a service`,
      { errors: [{ pointer: 'querystring/size', detail: 'is too small for the range' }] },
    );
  const byTemplate = new Map<string, Row[]>();
  for (const row of rows) {
    const own = byTemplate.get(row.root_id);
    if (own === undefined) byTemplate.set(row.root_id, [row]);
    else own.push(row);
  }
  return [...byTemplate.values()]
    .flatMap((own) => summary(own) ?? [])
    .sort(
      (a, b) => b.whole.errors - a.whole.errors || b.whole.count - a.whole.count || (a.id < b.id ? -1 : 1),
    );
}

type Row = Awaited<ReturnType<typeof read>>[number];

function read(db: Db, { project, from, to, size, service, template }: WindowRange) {
  let query = db
    .selectFrom('log_window as w')
    .innerJoin('log_template as t', (join) =>
      join.onRef('t.project', '=', 'w.project').onRef('t.id', '=', 'w.template_id'),
    )
    .innerJoin('log_template as r', (join) =>
      join.onRef('r.project', '=', 't.project').onRef('r.id', '=', 't.root_id'),
    )
    .selectAll('w')
    .select(['r.id as root_id', 'r.text as text'])
    .where('w.project', '=', project)
    .where('w.size_seconds', '=', sizeMs[size] / 1000)
    .where('w.starts_at', '>=', from)
    .where('w.starts_at', '<', to);
  if (service !== null) query = query.where('w.service', '=', service);
  // An id of any age leads to what it became.
  if (template !== null)
    query = query.where('r.id', 'in', (known) =>
      known
        .selectFrom('log_template')
        .select('root_id')
        .where('project', '=', project)
        .where('id', '=', template),
    );
  return query
    .orderBy('w.starts_at')
    .orderBy(sql`w.key`)
    .limit(mostRows + 1)
    .execute();
}

function summary(rows: readonly Row[]): TemplateWindows | null {
  const [first] = rows;
  if (first === undefined) return null;
  const names = (of: (row: Row) => string) =>
    [...new Set(rows.map(of))]
      .filter((name) => name !== '')
      .sort()
      .slice(0, 20);
  const series = new Map<number, { at: Date; count: number; errors: number }>();
  for (const { starts_at: at, count, errors } of rows) {
    const known = series.get(at.getTime()) ?? { at, count: 0, errors: 0 };
    series.set(at.getTime(), { at, count: known.count + count, errors: known.errors + errors });
  }
  return {
    id: first.root_id,
    text: first.text,
    whole: rows.map(windowFrom).reduce(mergeWindows),
    services: names(({ service }) => service),
    routes: names(({ route }) => route),
    releases: names(({ release }) => release),
    series: [...series.values()],
  };
}
