import { createHash, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signedOrderText } from '../../domain/agent-update/order-text.ts';
import { longestRelease } from '../../contracts/agent-update.ts';
import { apiUnderTest, type ApiUnderTest } from '../api/support.ts';
import { auditOf } from '../support/audit.ts';
import { keyOfPerson } from '../support/access.ts';
import { testEnvironment, testSigner } from '../support/fleet.ts';

let api: ApiUnderTest;
let signer: Awaited<ReturnType<typeof testSigner>>;
const content = 'export {};\n';
const release = hashOf(content);
const reason = 'a newer agent';

beforeAll(async () => {
  signer = await testSigner();
  api = await apiUnderTest({ edges: { signer } });
  await api.call('POST', '/v1/projects', { name: 'other' });
  await testEnvironment(api.db);
  await testEnvironment(api.db, 'production', 'other');
  await put();
});
afterAll(async () => {
  await api.close();
  await signer.close();
});

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function put(body: object = { version: '0.3.0', content }, sha256 = release) {
  return api.call('PUT', `agent-releases/${sha256}`, body);
}

function order(body: object) {
  return api.call('POST', 'agent-updates', { release, environment: 'production', reason, ...body });
}

async function enrol(proxy: string, more: object = {}, project = 'default') {
  const at = `/v1/projects/${project}/enrollments`;
  const { body: invited } = await api.call('POST', at, { proxy, environment: 'production', ...more });
  const traded = await api.call(
    'POST',
    '/v1/proxy-enrollments',
    { token: invited.token },
    { authorization: '' },
  );
  return { authorization: `Bearer ${traded.body.key}` };
}

test('an order is signed for the one proxy, rises, and names what the agent then fetches', async () => {
  const key = await enrol('one');
  const { status, body } = await order({ proxies: ['one'] });
  const again = await order({ proxies: ['one'] });

  const { body: signed } = await api.call('GET', '/v1/proxies/one/agent-order', undefined, key);
  const path = `/v1/proxies/one/agent-releases/${signed.sha256}`;
  const fetched = await api.app.inject({ method: 'GET', url: path, headers: key });

  expect(status).toBe(201);
  expect(body).toMatchObject({ release, version: '0.3.0', orders: [{ proxy: 'one' }] });
  expect(signed).toMatchObject({ project: 'default', proxy: 'one', sha256: release, size: content.length });
  expect(signed.sequence).toBe(again.body.orders[0].sequence);
  expect(signed.sequence).toBeGreaterThan(body.orders[0].sequence);
  const signature = Buffer.from(signed.signature, 'base64');
  expect(verify(null, Buffer.from(signedOrderText(signed)), signer.publicKey, signature)).toBe(true);
  expect(fetched.body).toBe(content);
  const entries = await auditOf(api.db, { action: 'proxy.order-update' });
  expect(JSON.stringify(entries)).toContain(reason);
});

test('the answer to a report tells the newest order while it holds', async () => {
  const key = await enrol('told');
  const report = {
    ...{ attempted: null, running: null, lastKnownGood: null, phase: 'idle', outcome: null, refusal: null },
    ...{ failure: null, failedStep: null, timings: {}, drift: null, agentVersion: '0.2.0' },
    haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
  };
  const tell = (more: object = {}) => {
    const body = { ...report, ...more, now: new Date().toISOString() };
    return api.call('POST', '/v1/proxies/told/config-reports', body, key);
  };
  const before = await tell();
  const { sequence } = (await order({ proxies: ['told'] })).body.orders[0];
  const after = await tell();
  const agentUpdate = { sequence, version: '0.3.0', outcome: 'restored', failure: 'it crashed' };
  await tell({ agentUpdate });
  const { body: shown } = await api.call('GET', 'fleet/told');
  await order({ proxies: ['told'], validFor: '1ms' });
  const expired = await tell();

  expect(before.headers['holdfast-agent-order']).toBeUndefined();
  expect(after.headers['holdfast-agent-order']).toBe(String(sequence));
  expect(shown.agentUpdate).toEqual({ ...agentUpdate, orderedAt: expect.any(String) });
  expect(expired.headers['holdfast-agent-order']).toBeUndefined();
});

test('all selectors that are given must fit', async () => {
  await enrol('fra-1', { region: 'fra', labels: { tier: 'edge' } });
  await enrol('fra-2', { region: 'fra', labels: { tier: 'core' } });
  await enrol('ams-1', { region: 'ams', labels: { tier: 'edge' } });
  const chosen = async (body: object): Promise<string[]> =>
    (await order(body)).body.orders.map(({ proxy }: { proxy: string }) => proxy);

  expect(await chosen({ region: 'fra' })).toEqual(['fra-1', 'fra-2']);
  expect(await chosen({ region: 'fra', labels: { tier: 'edge' } })).toEqual(['fra-1']);
  expect(await chosen({ all: true })).toEqual(expect.arrayContaining(['ams-1', 'fra-1', 'fra-2']));
  expect((await order({ region: 'nowhere' })).status).toBe(404);
});

test.each<[string, object, number, string]>([
  ['nobody is chosen', {}, 400, '/all'],
  ['everybody and somebody', { all: true, region: 'fra' }, 400, '/all'],
  ['a release that is none', { release: 'x', all: true }, 400, '/release'],
  ['a release that is not there', { release: 'b'.repeat(64), all: true }, 404, '/release'],
  ['a proxy that is not there', { proxies: ['nobody'] }, 404, '/proxies'],
  ['no reason', { reason: '', all: true }, 400, '/reason'],
  ['a life that is too long', { validFor: '91d', all: true }, 400, '/validFor'],
])('%s is refused by its field', async (_, body, status, pointer) => {
  const answer = await order(body);

  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body.errors)).toContain(pointer);
});

test('a release is what its hash says, and not larger than it may be', async () => {
  const wrong = await put({ version: '0.3.0', content: 'other' });
  const empty = await put({ version: '0.3.0', content: '' });
  const unnamed = await put({ content });
  const large = 'x'.repeat(longestRelease + 1);
  const tooLarge = await put({ version: '0.3.0', content: large }, hashOf(large));
  const again = await put({ version: '0.9.9', content });

  expect([wrong.status, empty.status, unnamed.status, tooLarge.status]).toEqual([400, 400, 400, 413]);
  expect(wrong.body.errors[0].pointer).toBe('/content');
  expect(empty.body.errors[0].pointer).toBe('/content');
  expect(JSON.stringify(unnamed.body.errors)).toContain('version');
  expect(tooLarge.body.errors[0].pointer).toBe('/content');
  expect(again.body).toMatchObject({ version: '0.3.0', sha256: release, size: content.length });
});

test.each(['viewer', 'operator', 'approver'] as const)('a %s orders nothing', async (role) => {
  const authorization = `Bearer ${await keyOfPerson(api.db, `the-${role}`, role)}`;
  const body = { release, environment: 'production', all: true, reason };

  const ordered = await api.call('POST', 'agent-updates', body, { authorization });
  const upload = { version: '0.3.0', content };
  const uploaded = await api.call('PUT', `agent-releases/${release}`, upload, { authorization });

  expect([ordered.status, uploaded.status]).toEqual([403, 403]);
});

test('the agent of another proxy or project reads neither order nor release', async () => {
  const own = await enrol('mine');
  const neighbour = await enrol('neighbour');
  const stranger = await enrol('stranger', {}, 'other');
  await order({ proxies: ['mine'] });

  const statuses = [];
  for (const key of [own, neighbour, stranger]) {
    const asked = await api.call('GET', '/v1/proxies/mine/agent-order', undefined, key);
    const path = `/v1/proxies/mine/agent-releases/${release}`;
    const fetched = await api.app.inject({ method: 'GET', url: path, headers: key });
    statuses.push([asked.status, fetched.statusCode]);
  }
  const path = `/v1/proxies/stranger/agent-releases/${release}`;
  const ofOther = await api.app.inject({ method: 'GET', url: path, headers: stranger });

  expect(statuses).toEqual([
    [200, 200],
    [403, 403],
    [403, 403],
  ]);
  expect(ofOther.statusCode).toBe(404);
});
