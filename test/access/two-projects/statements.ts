import fc from 'fast-check';
import { sql } from 'kysely';
import { inProject } from '../../../db/scope.ts';
import type { House } from './house.ts';
import type { WalledTable } from './leaks.ts';

/** A statement that has forgotten whose rows it wants: no filter at all. */
export interface Statement {
  readonly table: string;
  readonly text: string;
}

export function anyStatement(tables: readonly WalledTable[]): fc.Arbitrary<Statement> {
  const shapes: ((name: string, column: string) => string)[] = [
    (name) => `select to_jsonb(t) from ${name} t`,
    (name) => `select count(*), min(t::text), max(t::text) from ${name} t`,
    (name) => `select to_jsonb(t) from ${name} t limit 1 for update`,
    (name) => `delete from ${name} returning *`,
    (name, column) => `update ${name} set ${column} = ${column} returning *`,
    (name) => `insert into ${name} select * from ${name} on conflict do nothing returning *`,
    (name) => `select to_jsonb(a), to_jsonb(b) from ${name} a cross join ${name} b limit 50`,
    (name) => `with x as (select * from ${name}) select to_jsonb(x) from x`,
  ];
  return fc
    .tuple(fc.constantFrom(...tables), fc.constantFrom(...shapes))
    .map(([{ name, column }, shape]) => ({ table: name, text: shape(name, column) }));
}

/** Runs it for `south`, and takes back what it did; what came of it as text. */
export async function runStatement({ db }: House, { text }: Statement): Promise<string> {
  let said = '';
  await inProject('south', () =>
    db.transaction().execute(async (tx) => {
      said = JSON.stringify((await sql.raw(text).execute(tx)).rows);
      throw new Error('taken back');
    }),
  ).catch((error: unknown) => (said += String(error)));
  return said;
}
