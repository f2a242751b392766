import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { permissions, roles, type Role } from '../../domain/access/roles.ts';
import { apiUnderTest, type ApiUnderTest } from '../api/support.ts';
import { keyOfPerson } from '../support/access.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest({ requestsPerMinute: 50 });
});
afterAll(() => api.close());

function as(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

test('a key that asks too much is told when to come back; another one and the emergency stop are not touched', async () => {
  const [busy, calm] = [await keyOfPerson(api.db, 'busy'), await keyOfPerson(api.db, 'calm')];
  const statuses: number[] = [];
  for (let round = 0; round < 60; round += 1)
    statuses.push((await api.call('GET', 'services', undefined, as(busy))).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(50);

  const refused = await api.call('GET', 'services', undefined, as(busy));
  expect(refused.body).toMatchObject({ status: 429, code: 'rate-limited' });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await api.call('GET', 'services', undefined, as(calm))).status).toBe(200);
  const stop = await api.call('POST', 'emergency-stop', { all: true, reason: 'fire' }, as(busy));
  expect(stop.status).toBe(200);
});

test('a thousand bad keys are refused, then told to wait, and good ones go on', async () => {
  const good = await keyOfPerson(api.db, 'good');
  const counts = new Map<number, number>();
  for (let round = 0; round < 1000; round += 1) {
    const bad = `hf_${round.toString(16).padStart(12, '0')}_${'x'.repeat(43)}`;
    const { status } = await api.call('GET', 'services', undefined, as(bad));
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([401, 429]);
  expect(counts.get(401)).toBeLessThanOrEqual(200);
  expect((await api.call('GET', 'services', undefined, as(good))).status).toBe(200);
});

test('the page about access shows the table that the API reads', async () => {
  const page = await readFile(path.resolve(import.meta.dirname, '../../docs/access.md'), 'utf8');
  for (const [permission, allowed] of Object.entries(permissions)) {
    const cells = roles.map((role) => ((allowed as readonly Role[]).includes(role) ? ' yes ' : ' '));
    expect(page).toContain(`| \`${permission}\` |${cells.join('|')}|`);
  }
});
