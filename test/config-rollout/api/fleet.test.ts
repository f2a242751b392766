import { setTimeout as sleep } from 'node:timers/promises';
import { verify } from 'node:crypto';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConfigBundle, ConfigReport } from '../../../contracts/config-bundle.ts';
import { filesHash, signedText } from '../../../domain/config-bundle/bundle-text.ts';
import { sha256Hex } from '../../../proxy-agent/config-bundle/sha256-hex.ts';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { keyOfPerson, keyOfProxy } from '../../support/access.ts';
import { testEnvironment, testSigner, type TestEnvironment } from '../../support/fleet.ts';

let api: ApiUnderTest;
let signer: Awaited<ReturnType<typeof testSigner>>;
let production: TestEnvironment;
let names = 0;
/** An API process remembers a key for a few seconds. */
const patience = { timeout: 10_000 };

beforeAll(async () => {
  signer = await testSigner();
  api = await apiUnderTest({ edges: { signer } });
  production = await testEnvironment(api.db);
});
afterAll(async () => {
  await api.close();
  await signer.close();
});

function newName(): string {
  names += 1;
  return `edge-${names}`;
}

async function invite(proxy = newName(), more: object = {}) {
  return api.call('POST', 'enrollments', { proxy, environment: 'production', ...more });
}

async function exchange(token: string) {
  return api.call('POST', '/v1/proxy-enrollments', { token }, { authorization: '' });
}

async function enrol(proxy = newName()): Promise<{ proxy: string; key: string }> {
  const { body: invitation } = await invite(proxy);
  const { status, body } = await exchange(invitation.token);
  expect(status).toBe(201);
  return { proxy, key: body.key };
}

function asAgent(key: string) {
  return { authorization: `Bearer ${key}` };
}

function config({ proxy, key }: { proxy: string; key: string }, tag: string | null = null, waitMs = 0) {
  const headers = { ...asAgent(key), ...(tag === null ? {} : { 'if-none-match': tag }) };
  return api.call('GET', `/v1/proxies/${proxy}/config?waitMs=${waitMs}`, undefined, headers);
}

function report({ proxy, key }: { proxy: string; key: string }, told: Partial<ConfigReport>) {
  return api.call('POST', `/v1/proxies/${proxy}/config-reports`, reportOf(told), asAgent(key));
}

function reportOf(told: Partial<ConfigReport>): ConfigReport {
  return {
    ...{ attempted: null, running: null, lastKnownGood: null, phase: 'idle', outcome: null, refusal: null },
    ...{ failure: null, failedStep: null, timings: {}, drift: null, agentVersion: '0.1.0' },
    haproxy: { version: '2.6.12', oldWorkers: 0, failedReloads: 0 },
    now: new Date().toISOString(),
    ...told,
  };
}

describe('an invitation', () => {
  test('is traded for a key once, and the key speaks for this proxy alone', async () => {
    const { status, body: invitation, headers } = await invite('one');

    expect(status).toBe(201);
    expect(headers['location']).toBe('/v1/projects/default/fleet/one');
    expect(invitation).toMatchObject({ proxy: 'one', project: 'default', environment: 'production' });
    expect(invitation.token).toMatch(/^hfe_[A-Za-z0-9_-]{43}$/);
    const { body: invited } = await api.call('GET', 'fleet/one');
    expect(invited).toMatchObject({ state: 'invited', desired: null, isProven: false, reportedAt: null });
    const traded = await exchange(invitation.token);
    const again = await exchange(invitation.token);

    expect(traded.status).toBe(201);
    expect(traded.body).toMatchObject({ proxy: 'one', project: 'default', environment: 'production' });
    expect(traded.body.configKeys).toBe(signer.publicKey);
    expect(again.status).toBe(401);
    expect((await api.call('GET', 'fleet/one')).body.state).toBe('enrolled');
    const who = await api.call('GET', '/v1/whoami', undefined, asAgent(traded.body.key));
    expect(who.body).toEqual({
      ...{ principal: 'proxy:one', kind: 'proxy', roles: {}, scopes: ['proxy:one'], project: 'default' },
    });
    expect((await api.call('GET', 'fleet', undefined, asAgent(traded.body.key))).status).toBe(403);
  });

  test('used by two at once is the key of exactly one', async () => {
    const { body: invitation } = await invite();

    const traded = await Promise.all(Array.from({ length: 8 }, () => exchange(invitation.token)));

    expect(traded.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(401)]);
  });

  test('unknown, used and expired answer the same', async () => {
    const { body: used } = await invite();
    await exchange(used.token);
    const { body: expired } = await invite(newName(), { validFor: '1ms' });
    await sleep(5);

    const answers = [];
    for (const token of [`hfe_${'A'.repeat(43)}`, used.token, expired.token])
      answers.push(await exchange(token));

    const [first, ...others] = answers.map(({ status, body }) => [status, body.detail, body.code]);
    expect(first).toEqual([401, expect.stringContaining('unknown, used or expired'), 'unauthenticated']);
    for (const other of others) expect(other).toEqual(first);
  });

  test('of one who is invited replaces the token, of one who is enrolled is a conflict that says so', async () => {
    const { body: first } = await invite('twice', { region: 'eu' });
    const { body: second } = await invite('twice', { region: 'us', labels: { tier: 'edge' } });

    const refused = await exchange(first.token);
    const taken = await exchange(second.token);
    const third = await invite('twice');

    expect([refused.status, taken.status, third.status]).toEqual([401, 201, 409]);
    expect(third.body.detail).toContain('is enrolled in production');
    expect((await api.call('GET', 'fleet/twice')).body).toMatchObject({
      region: 'us',
      labels: { tier: 'edge' },
    });
  });

  test('into an environment that is not there says how to make it', async () => {
    const answer = await api.call('POST', 'enrollments', { proxy: newName(), environment: 'nowhere' });

    expect(answer.status).toBe(404);
    expect(answer.body.detail).toContain('PUT /v1/projects/default/environments/nowhere');
  });

  test('keeps no secret in rows or audit', async () => {
    const proxy = newName();
    const { body: invitation } = await invite(proxy);
    const { body: traded } = await exchange(invitation.token);

    const rows = await api.db.selectFrom('fleet_proxy').selectAll().where('proxy', '=', proxy).execute();
    const keys = await api.db.selectFrom('api_key').selectAll().execute();
    const entries = await api.db.selectFrom('audit_entry').select('bytes').execute();
    const text = entries.map(({ bytes }) => Buffer.from(bytes).toString()).join('\n');
    const everything = `${JSON.stringify([rows, keys])} ${text}`;

    expect(everything).not.toContain(invitation.token);
    expect(everything).not.toContain(traded.key);
    for (const action of ['proxy.invite', 'proxy.enroll']) expect(text).toContain(action);
  });

  test('takes no name that another project, or the installation, speaks for', async () => {
    await api.call('POST', '/v1/projects', { name: 'other' });
    await testEnvironment(api.db, 'production', 'other');
    await keyOfProxy(api.db, 'embedded');
    const { proxy } = await enrol();
    const key = await keyOfPerson(api.db, 'olga');
    await api.db
      .updateTable('membership')
      .set({ project: 'other' })
      .where('principal', '=', 'olga')
      .execute();

    for (const name of [proxy, 'embedded']) {
      const body = { proxy: name, environment: 'production' };
      const answer = await api.call('POST', '/v1/projects/other/enrollments', body, asAgent(key));
      expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining('is taken')]);
    }
    const shown = await api.call('GET', `/v1/projects/other/fleet/${proxy}`);
    expect(shown.status).toBe(404);
  });
});

describe('a fleet', () => {
  test('is listed by name, in pages, by environment', async () => {
    await testEnvironment(api.db, 'staging');
    for (const proxy of ['s-1', 's-2', 's-3']) await invite(proxy, { environment: 'staging' });

    const first = await api.call('GET', 'fleet?environment=staging&limit=2');
    const rest = await api.call('GET', `fleet?environment=staging&limit=2&cursor=${first.body.next}`);

    const listed = [...first.body.items, ...rest.body.items] as { proxy: string }[];
    expect(listed.map(({ proxy }) => proxy)).toEqual(['s-1', 's-2', 's-3']);
    expect(rest.body.next).toBeUndefined();
  });

  test('loses a proxy with its key at once, but not while an operation owns it', async () => {
    const agent = await enrol();
    const owner = ulid();
    await api.db
      .insertInto('operation')
      .values({
        ...{ id: owner, project: 'default', kind: 'config-rollout', target: 'production', summary: '' },
        ...{ workflow_id: 'x', status: 'running', phase: 'watch', started_by: 'ada', outcome: null },
        ...{ run_id: null, finished_at: null, stuck: null },
      })
      .execute();
    const own = (by: string | null) =>
      api.db.updateTable('fleet_proxy').set({ owner: by }).where('proxy', '=', agent.proxy).execute();
    await own(owner);

    const owned = await api.call('DELETE', `fleet/${agent.proxy}`);
    await own(null);
    const removed = await api.call('DELETE', `fleet/${agent.proxy}`);

    expect([owned.status, owned.body.operationId]).toEqual([409, owner]);
    expect(removed.status).toBe(204);
    await expect.poll(async () => (await config(agent)).status).toBe(401);
    expect((await api.call('GET', `fleet/${agent.proxy}`)).status).toBe(404);
    expect((await invite(agent.proxy)).status).toBe(201);
  });
});

describe('the configuration of a proxy', () => {
  test('is signed, tagged, and answered at once to who has another one', async () => {
    const agent = await enrol();
    expect((await config(agent)).status).toBe(404);
    const order = await production.order('global\n');
    await production.give(order, agent.proxy);

    const { status, body, headers } = await config(agent);
    const tag = `"${order.sequence}-${order.hash}"`;
    const same = await config(agent, tag);
    const other = await config(agent, '"1-x"');

    expect([status, headers['etag']]).toEqual([200, tag]);
    const bundle = body as ConfigBundle;
    expect(bundle).toMatchObject({
      ...{ project: 'default', environment: 'production', proxy: null, order: 'apply', drift: 'report' },
      ...{ revision: order.revision, sequence: order.sequence, hash: order.hash, keyId: signer.keyId },
      files: [{ path: 'base.cfg', content: 'global\n' }],
    });
    expect(bundle.hash).toBe(filesHash(sha256Hex, bundle.files));
    const signature = Buffer.from(bundle.signature, 'base64');
    expect(verify(null, Buffer.from(signedText(bundle)), signer.publicKey, signature)).toBe(true);
    expect([same.status, other.status]).toEqual([304, 200]);
  });

  test('comes as soon as it is ordered, to the proxies of the wave and to no others', async () => {
    const [first, second] = [await enrol(), await enrol()];
    const waiting = [first, second].map((agent) => config(agent, null, 1500));
    await sleep(100);
    const order = await production.order('first');
    await production.give(order, first.proxy);

    const [taken, late] = await Promise.all(waiting);

    expect(taken?.body).toMatchObject({ sequence: order.sequence });
    expect(late?.status).toBe(404);
  });

  test('comes within the next look when the notification is lost', async () => {
    const agent = await enrol();
    const waiting = config(agent, null, 10_000);
    await sleep(100);
    const { sequence } = await production.order('unannounced');
    await api.db.updateTable('fleet_proxy').set({ sequence }).where('proxy', '=', agent.proxy).execute();

    expect((await waiting).body).toMatchObject({ sequence });
  });

  test('is the live one for who enrols later', async () => {
    const order = await production.order('live');
    await production.makeLive(order);

    const agent = await enrol();

    expect((await config(agent)).body).toMatchObject({ sequence: order.sequence });
    expect((await api.call('GET', `fleet/${agent.proxy}`)).body.desired.sequence).toBe(order.sequence);
  });

  test('holds no files where the order is to go back to the operator’s own', async () => {
    const agent = await enrol();
    const order = await production.order(null);
    await production.give(order, agent.proxy);

    expect((await config(agent)).body).toMatchObject({
      ...{ files: [], order: 'rollback', revision: sha256Hex(''), hash: order.hash },
    });
  });

  test('is nobody else’s: not of another proxy, another project, or a person', async () => {
    await api.call('POST', '/v1/projects', { name: 'south' });
    const south = await testEnvironment(api.db, 'production', 'south');
    const [own, neighbour] = [await enrol(), await enrol()];
    const body = { proxy: 'south-1', environment: 'production' };
    const { body: invitation } = await api.call('POST', '/v1/projects/south/enrollments', body);
    const { body: stranger } = await exchange(invitation.token);
    const order = await south.order('of the south');
    await south.give(order, 'south-1');

    for (const key of [own.key, neighbour.key, api.key]) {
      expect((await config({ proxy: 'south-1', key })).status).toBe(403);
      expect((await report({ proxy: 'south-1', key }, {})).status).toBe(403);
    }
    expect((await config({ proxy: own.proxy, key: neighbour.key })).status).toBe(403);
    // Even if it named the proxy: a key of one project sees no other one's.
    await api.db
      .updateTable('api_key')
      .set({ scopes: JSON.stringify(['proxy:south-1']) })
      .where('principal', '=', `proxy:${own.proxy}`)
      .execute();
    const seen = expect.poll(async () => (await config({ proxy: 'south-1', key: own.key })).status, patience);
    await seen.toBe(404);

    expect((await config({ proxy: 'south-1', key: stranger.key })).body.sequence).toBe(order.sequence);
  });

  test('cannot be had without a key to sign with, and the remedy is told', async () => {
    const bare = await apiUnderTest();
    try {
      const key = await keyOfProxy(bare.db, 'local');
      const there = await testEnvironment(bare.db);
      await bare.call('POST', 'enrollments', { proxy: 'local', environment: 'production' });
      await bare.db.updateTable('fleet_proxy').set({ state: 'enrolled' }).execute();
      await there.give(await there.order('unsigned'), 'local');
      const answer = await bare.call('GET', '/v1/proxies/local/config', undefined, asAgent(key));

      expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
      expect(answer.body.detail).toContain('HOLDFAST_SIGNING_KEY');
    } finally {
      await bare.close();
    }
  });
});

describe('a report', () => {
  test('shows in the fleet, and proves an order by its hash', async () => {
    const agent = await enrol();
    const order = await production.order('reported');
    await production.give(order, agent.proxy);
    const ref = { revision: order.revision ?? '', sequence: order.sequence, hash: order.hash };

    const { status } = await report(agent, {
      attempted: ref,
      running: ref,
      lastKnownGood: ref,
      outcome: 'proven',
    });

    expect(status).toBe(204);
    expect((await api.call('GET', `fleet/${agent.proxy}`)).body).toMatchObject({
      ...{ isProven: true, outcome: 'proven', running: ref, desired: ref, agentVersion: '0.1.0' },
      ...{ haproxyVersion: '2.6.12' },
    });
    const next = await production.order('next');
    await production.give(next, agent.proxy);
    expect((await api.call('GET', `fleet/${agent.proxy}`)).body.isProven).toBe(false);
  });

  test('of a proxy that is not enrolled is refused with the remedy', async () => {
    const key = await keyOfProxy(api.db, 'stranger');

    const answer = await report({ proxy: 'stranger', key }, {});

    expect(answer.status).toBe(404);
    expect(answer.body.detail).toContain('/enrollments');
  });

  test('that no column can take is told as such', async () => {
    const agent = await enrol();
    const answer = await report(agent, { failure: 'a \u0000 in it' });

    expect(answer.status).toBe(400);
  });
});

test('tokens that are tried out in numbers are held up, and a good one is let in all the same', async () => {
  const unknown = `hfe_${'A'.repeat(43)}`;
  for (let i = 0; i < 100; i += 1) await exchange(unknown);

  expect((await exchange(unknown)).status).toBe(429);
  const { body: good } = await invite();
  expect((await exchange(good.token)).status).toBe(201);
});
