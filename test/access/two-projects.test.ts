import fc from 'fast-check';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { ulid } from 'ulid';
import { blindFilters } from './two-projects/blind.ts';
import { anyCall, type Call } from './two-projects/calls.ts';
import { openTwoProjects, type House, type Walls } from './two-projects/house.ts';
import { leaksIn, privateTokens, stateOf, tablesOf } from './two-projects/leaks.ts';
import { anyMessage, createWorker } from './two-projects/messages.ts';
import { anyStatement, runStatement } from './two-projects/statements.ts';

/** Each wall between projects holds alone; with both off the same calls leak, so the test can see. */
const calls = inject('long') ? 10_000 : 800;
const batch = 250;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('calls over every endpoint', () => {
  test('with both walls nothing leaks', { timeout: 600_000 }, async () => {
    const seen = await walk({ filters: true, rows: true });

    expect(seen.leaks).toEqual([]);
    expect(seen.statuses[500] ?? 0).toBe(0);
    expect(seen.routes).toBe(seen.allRoutes);
  });

  test('with row-level security off nothing leaks', { timeout: 600_000 }, async () => {
    expect((await walk({ filters: true, rows: false })).leaks).toEqual([]);
  });

  test('with the filters of the queries off nothing leaks', { timeout: 600_000 }, async () => {
    const seen = await walk({ filters: false, rows: true });

    expect(seen.leaks).toEqual([]);
    expect(seen.blinded).toBeGreaterThan(calls / 2);
  });

  test('with both off leaks are found', { timeout: 600_000 }, async () => {
    const seen = await walk({ filters: false, rows: false }, 500);

    expect(seen.leaks.length).toBeGreaterThan(50);
    expect(new Set(seen.leaks.map(({ route }) => route)).size).toBeGreaterThan(10);
  });
});

describe('messages to workflows', () => {
  test.each<Walls>([
    { filters: true, rows: true },
    { filters: true, rows: false },
    { filters: false, rows: true },
  ])(
    'with $filters filters and $rows row-level security nothing leaks',
    { timeout: 600_000 },
    async (walls) => {
      expect(await tell(walls, calls)).toEqual([]);
    },
  );

  test('with both off leaks are found', { timeout: 600_000 }, async () => {
    expect((await tell({ filters: false, rows: false }, 500)).length).toBeGreaterThan(5);
  });
});

describe('statements on every table without any filter', () => {
  test('with row-level security nothing leaks', { timeout: 600_000 }, async () => {
    expect(await state({ filters: false, rows: true }, calls)).toEqual([]);
  });

  test('without it leaks are found', { timeout: 600_000 }, async () => {
    expect((await state({ filters: false, rows: false }, 300)).length).toBeGreaterThan(100);
  });
});

interface Leak {
  readonly route: string;
  readonly url: string;
  readonly what: string;
}

async function open(walls: Walls) {
  const house = await openTwoProjects(walls);
  closers.push(() => house.close());
  const secrets = await privateTokens(house.eyes, 'north', 'south');
  expect(secrets.size).toBeGreaterThan(40);
  return { house, secrets };
}

async function tell(walls: Walls, howMany: number): Promise<Leak[]> {
  const { house, secrets } = await open(walls);
  const sight = walls.filters ? null : blindFilters();
  closers.push(() => sight?.end());
  const worker = createWorker(house);
  const leaks: Leak[] = [];
  for (const messages of inBatches(
    fc.sample(anyMessage(worker, house.north, house.south), { numRuns: howMany, seed: 7 }),
  )) {
    const changed = await changesOf(house, async () => {
      for (const message of messages) {
        const found = leaksIn(await worker.do(message), JSON.stringify(message), secrets);
        if (found.length > 0)
          leaks.push({ route: message.activity, url: '', what: found.slice(0, 5).join(' ') });
      }
    });
    leaks.push(...changed);
  }
  console.log(`two projects: ${JSON.stringify({ ...walls, messages: howMany, leaks: leaks.length })}`);
  return leaks;
}

async function state(walls: Walls, howMany: number): Promise<Leak[]> {
  const { house, secrets } = await open(walls);
  const tables = await tablesOf(house.eyes);
  const leaks: Leak[] = [];
  for (const statements of inBatches(fc.sample(anyStatement(tables), { numRuns: howMany, seed: 7 }))) {
    const changed = await changesOf(house, async () => {
      for (const statement of statements) {
        const found = leaksIn(await runStatement(house, statement), statement.text, secrets);
        if (found.length > 0)
          leaks.push({ route: statement.text, url: '', what: found.slice(0, 5).join(' ') });
      }
    });
    leaks.push(...changed);
  }
  console.log(
    `two projects: ${JSON.stringify({ ...walls, tables: tables.length, statements: howMany, leaks: leaks.length })}`,
  );
  return leaks;
}

function inBatches<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / batch) }, (_, index) =>
    all.slice(index * batch, (index + 1) * batch),
  );
}

/** Tables of `north` that were changed meanwhile. */
async function changesOf({ eyes }: House, work: () => Promise<void>): Promise<Leak[]> {
  const before = await stateOf(eyes, 'north');
  await work();
  const after = await stateOf(eyes, 'north');
  const changed = Object.keys(after).filter((table) => after[table] !== before[table]);
  return changed.map((table) => ({ route: `table ${table}`, url: '', what: 'was changed' }));
}

async function walk(walls: Walls, howMany = calls) {
  const { house, secrets } = await open(walls);
  const sight = walls.filters ? null : blindFilters();
  closers.push(() => sight?.end());
  const statuses: Record<number, number> = {};
  const leaks: Leak[] = [];
  const routes = new Set<string>();
  const asked = fc.sample(anyCall(house), { numRuns: howMany, seed: 20_261 });
  for (let from = 0; from < asked.length; from += batch) {
    const before = await stateOf(house.eyes, 'north');
    for (const call of asked.slice(from, from + batch)) {
      const answer = await send(house, call);
      statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
      routes.add(call.route);
      const text = `${JSON.stringify(answer.headers)} ${answer.body}`;
      const found = leaksIn(text, JSON.stringify(call), secrets);
      if (found.length > 0)
        leaks.push({ route: call.route, url: call.url, what: found.slice(0, 5).join(' ') });
    }
    const after = await stateOf(house.eyes, 'north');
    for (const table of Object.keys(after)) {
      if (after[table] !== before[table])
        leaks.push({ route: `table ${table}`, url: '', what: 'was changed' });
    }
  }
  const blinded = sight?.blinded() ?? 0;
  console.log(
    `two projects: ${JSON.stringify({ ...walls, calls: howMany, leaks: leaks.length, blinded, statuses })}`,
  );
  return { leaks, statuses, routes: routes.size, allRoutes: allRoutesOf(house), blinded };
}

function allRoutesOf({ app }: House): number {
  const { paths } = app.swagger() as { paths: Record<string, object> };
  return Object.values(paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0);
}

function send({ app, suesKey }: House, { method, url, body }: Call) {
  const headers = {
    authorization: `Bearer ${suesKey}`,
    ...(method === 'POST' ? { 'idempotency-key': ulid() } : {}),
  };
  return app.inject({ method, url, headers, ...(body === null ? {} : { payload: body }) });
}
