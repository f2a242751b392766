import { afterAll, beforeAll, expect, test } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { shop } from '../documents.ts';
import { configHouse, withBackend, type ConfigHouse } from './house.ts';

let strict: ConfigHouse;
let bare: ApiUnderTest;
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'strict-haproxy-'));
  strict = await configHouse(await strictHaproxy(scratch));
  bare = await apiUnderTest({ temporal: 'dead' });
}, 180_000);
afterAll(async () => {
  await Promise.all([strict.close(), bare.close()]);
  await rm(scratch, { recursive: true });
});

/** The policy lets nothing through that HAProxy is known to refuse, so this HAProxy has a backend `taken` of its own already. */
async function strictHaproxy(folder: string): Promise<string> {
  const more = join(folder, 'more.cfg');
  const timeouts = 'timeout connect 1s\n  timeout server 1s';
  await writeFile(more, `backend taken\n  mode http\n  ${timeouts}\n  server s 127.0.0.1:1\n`);
  const program = join(folder, 'haproxy');
  await writeFile(program, `#!/bin/sh\nexec haproxy "$@" -f ${more}\n`, { mode: 0o755 });
  return program;
}

const refused = withBackend('taken');
const requests = [{ port: 8080, method: 'GET', host: 'shop', path: '/' }];
const document = { document: shop, reason: 'x' };

test('what only HAProxy itself refuses is refused, and previewed as a finding', async () => {
  const put = await strict.put('strict', refused);
  const plan = await strict.call('POST', 'environments/strict/config/plan', { document: refused });
  const simulation = await strict.call('POST', 'environments/strict/config/simulate', {
    document: refused,
    requests,
  });

  expect(put.body).toMatchObject({ status: 400, detail: expect.stringContaining('HAProxy itself') });
  expect(put.body.errors[0]).toMatchObject({ detail: expect.stringContaining('taken') });
  expect(put.body.errors[0].pointer).toMatch(/^\/document/);
  expect((await strict.call('GET', 'environments/strict')).status).toBe(404);
  expect(plan.body).toMatchObject({ problems: [], findings: [{ severity: 'alert' }] });
  expect(simulation.body).toMatchObject({ status: 400, errors: put.body.errors });
  expect((await strict.put('strict', shop)).status).toBe(200);
});

test('without HAProxy nothing is put, and the remedy is named', async () => {
  const answers = [
    await bare.call('PUT', 'environments/e/config', document),
    await bare.call('POST', 'environments/e/config/plan', { document: shop }),
    await bare.call('POST', 'environments/e/config/simulate', { document: shop, requests }),
  ];

  for (const { body } of answers) {
    expect(body).toMatchObject({ status: 503, code: 'unavailable' });
    expect(body.detail).toMatch(/install haproxy/);
  }
  expect((await bare.call('GET', 'environments')).body).toEqual({ items: [] });
  expect((await bare.call('POST', 'environments/e/config/import', { haproxy: 'frontend x' })).status).toBe(
    200,
  );
});
