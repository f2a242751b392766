import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { setGroup } from '../../db/approval/group.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { openNaive } from './interleaving/naive.ts';
import { openReal } from './interleaving/real.ts';
import { runScript, type Ran } from './interleaving/run.ts';
import { anyScript } from './interleaving/script.ts';
import type { OpenSystem } from './interleaving/system.ts';

/** Random interleavings of all that can happen to an approval, the same ones for ours and for one built on signals. */
const scripts = inject('long') ? 10_500 : 1_500;
const atOnce = 10;
const seed = 20_261_121;
const manyScripts = fc.array(anyScript, { minLength: atOnce, maxLength: atOnce });
const runs = { numRuns: scripts / atOnce, seed };

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  for (const name of ['sre', 'security', 'managers'])
    await setGroup(db, { project: 'default', name, members: [], claim: name, by: 'ada' });
});
afterAll(async () => {
  await db.destroy();
  await database.close();
});

test('never two outcomes, never another subject, never a self-approval', { timeout: 3_600_000 }, async () => {
  const ours = createTally();
  const property = fc.asyncProperty(manyScripts, async (many) => {
    const ran = await Promise.all(many.map((script) => runScript(script, (one) => openReal(db, one))));
    ran.forEach(ours.add);
    expect(ran.flatMap(({ violations }) => violations)).toEqual([]);
  });
  await fc.assert(property, runs);
  const total = ours.total();
  console.log(`approval interleavings: ${JSON.stringify(total)}`);
  expect(total.scripts).toBe(scripts);
  for (const kind of ['acts', 'approved', 'rejected', 'expired', 'withdrawn'] as const)
    expect(total[kind], kind).toBeGreaterThan(scripts / 100);
});

test('the same script finds all three in an approval that is built on signals', async () => {
  const naive = createTally();
  for (const script of fc.sample(manyScripts, runs).flat())
    naive.add(await runScript(script, openNaive satisfies OpenSystem));
  const total = naive.total();
  console.log(`approval on signals, interleavings: ${JSON.stringify(total)}`);
  for (const kind of ['two-outcomes', 'other-subject', 'self-approval'])
    expect(total[kind] ?? 0, kind).toBeGreaterThan(scripts / 100);
});

function createTally() {
  const sums: Record<string, number> = { scripts: 0, steps: 0, violations: 0 };
  const plus = (name: string, count: number): void => void (sums[name] = (sums[name] ?? 0) + count);
  return {
    total: () => sums,
    add({ violations, seen, steps }: Ran): void {
      plus('scripts', 1);
      plus('steps', steps);
      plus('violations', violations.length);
      for (const [kind, count] of Object.entries(seen)) plus(kind, count);
      for (const violation of violations) plus(violation, 1);
    },
  };
}
