import fc from 'fast-check';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { ulid } from 'ulid';
import { blindFilters } from './two-projects/blind.ts';
import { anyCall, type Call } from './two-projects/calls.ts';
import { openTwoProjects, type House, type Walls } from './two-projects/house.ts';
import { leaksIn, privateTokens, stateOf } from './two-projects/leaks.ts';

/** Each wall between projects holds alone; with both off the same calls leak, so the test can see. */
const calls = inject('long') ? 10_000 : 3_000;
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

interface Leak {
  readonly route: string;
  readonly url: string;
  readonly what: string;
}

async function walk(walls: Walls, howMany = calls) {
  const house = await openTwoProjects(walls);
  closers.push(() => house.close());
  const secrets = await privateTokens(house.eyes, 'north');
  expect(secrets.size).toBeGreaterThan(40);
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
