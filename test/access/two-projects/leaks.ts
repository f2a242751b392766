import { sql } from 'kysely';
import type { Db } from '../../../db/connect.ts';

/** Ids, digests and texts that name rows: whoever did not send one and receives it has learned something. */
const tokenShape =
  /[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}|\w+-secret-[\w]+|hf_[0-9a-f]{12}/g;

export function tokensOf(text: string): Set<string> {
  return new Set(text.match(tokenShape) ?? []);
}

/** What a project has and no other one, so that nobody outside it may see it. */
export async function privateTokens(eyes: Db, project: string, other: string): Promise<Set<string>> {
  const [own, common] = await Promise.all([allTokens(eyes, project), allTokens(eyes, other)]);
  return new Set([...own].filter((token) => !common.has(token)));
}

async function allTokens(eyes: Db, project: string): Promise<Set<string>> {
  return tokensOf(Object.values(await stateOf(eyes, project)).join('\n'));
}

/** Changes whenever a row of the project does, in any table. */
export async function stateOf(eyes: Db, project: string): Promise<Record<string, string>> {
  const tables = await tablesOf(eyes);
  const texts = await Promise.all(tables.map((table) => textOf(eyes, table, project)));
  return Object.fromEntries(tables.map(({ name }, index) => [name, texts[index] ?? '']));
}

/** The tokens of an answer that are private and were not in what was asked. */
export function leaksIn(answer: string, asked: string, secrets: ReadonlySet<string>): string[] {
  const given = tokensOf(asked);
  return [...tokensOf(answer)].filter((token) => secrets.has(token) && !given.has(token));
}

export interface WalledTable {
  readonly name: string;
  /** A condition that holds for the rows of the project $1. */
  readonly ownedBy: string;
  /** One that a statement may set to itself. */
  readonly column: string;
}

/** Every table with the second wall, and how its rows belong to a project. */
export async function tablesOf(eyes: Db): Promise<WalledTable[]> {
  const { rows } = await sql<{ name: string; columns: string[] }>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity
    group by c.relname order by c.relname`.execute(eyes);
  return rows.map(({ name, columns }) => ({
    ...{ name, ownedBy: ownership(name, columns) },
    column: columns.includes('project') ? 'project' : (columns[0] ?? ''),
  }));
}

function ownership(table: string, columns: readonly string[]): string {
  if (table === 'project') return 'id = $1';
  if (columns.includes('project')) return 'project = $1';
  if (columns.includes('operation_id'))
    return 'operation_id in (select id from operation where project = $1)';
  if (columns.includes('delivery_id'))
    return 'delivery_id in (select id from notification_delivery where project = $1)';
  throw new Error(`the table ${table} does not say whose its rows are`);
}

/** The rows as text; bytes that hold text are opened. */
async function textOf(eyes: Db, { name, ownedBy }: WalledTable, project: string): Promise<string> {
  const condition = sql.raw(ownedBy.replace('$1', `'${project}'`));
  const { rows } = await sql<{ row: string }>`
    select t::text || ' ' || coalesce(${opened(name)}, '') as row from ${sql.table(name)} t where ${condition}
    order by 1`.execute(eyes);
  return rows.map(({ row }) => row).join('\n');
}

function opened(table: string) {
  if (table === 'audit_entry') return sql`convert_from(t.bytes, 'UTF8')`;
  return table === 'audit_personal' ? sql`convert_from(t.data, 'UTF8')` : sql`''`;
}
