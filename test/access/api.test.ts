import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissions, roles, type Permission, type Role } from '../../domain/access/roles.ts';
import { apiUnderTest, serviceInput, type Answer, type ApiUnderTest } from '../api/support.ts';
import { keyOfPerson, keyOfProxy } from '../support/access.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  expect((await api.call('POST', '/v1/projects', { name: 'other' })).status).toBe(201);
});
afterAll(() => api.close());

function as(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

async function member(principal: string, role: Role, project = 'default'): Promise<string> {
  const under = `/v1/projects/${project}`;
  await api.call('PUT', `${under}/members/${principal}`, { roles: [role] });
  const { body } = await api.call('POST', `${under}/api-keys`, { principal, name: `of ${principal}` });
  return body.secret as string;
}

describe('every route', () => {
  interface Route {
    readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
    readonly url: string;
    readonly needs: Permission;
  }

  /** From the document that the API serves: what it says there is what it does. */
  async function routes(): Promise<Route[]> {
    const { body } = await api.call('GET', '/openapi.json');
    return Object.entries(body.paths as Record<string, Record<string, Record<string, unknown>>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({
          method: method.toUpperCase() as Route['method'],
          url: path
            .replace('{project}', 'default')
            .replace(/\{(id|commandId)\}/g, '01ARZ3NDEKTSV4RRFFQ69G5FAV')
            .replace(/\{[a-z]+\}/g, 'nothing'),
          needs: operation['x-needs'] as Permission,
        })),
    );
  }

  test('says what it needs, or that it is public', async () => {
    const open = (await routes()).filter(({ needs }) => needs === undefined).map(({ url }) => url);
    // A source delivers by its own secret, which the route asks for itself; the token of an enrolment is the whole proof.
    expect(open.sort()).toEqual([
      '/livez',
      '/readyz',
      '/v1/projects/default/ingest/nothing',
      '/v1/proxy-enrollments',
    ]);
  });

  test('lets a role in exactly where the table has it', async () => {
    for (const role of roles) {
      const key = await member(`only-${role}`, role);
      for (const { method, url, needs } of await routes()) {
        if (needs === undefined || (needs as string) === 'nothing-more') continue;
        const allowed: readonly Role[] = permissions[needs];
        const isInside = url.startsWith('/v1/projects/default');
        const { status } = await api.call(method, url, bodyFor(method), as(key));
        const expected = isInside && allowed.includes(role) ? 'in' : 'out';
        expect([method, url, role, status === 403 ? 'out' : 'in']).toEqual([method, url, role, expected]);
      }
    }
  });

  test('asks who it is before anything else', async () => {
    for (const [index, { method, url, needs }] of (await routes()).entries()) {
      if (needs === undefined) continue;
      // From many addresses, for one may not be refused as often as there are routes.
      const remoteAddress = `10.0.0.${index % 250}`;
      const payload = bodyFor(method);
      const answer = await api.app.inject({
        ...{ method, url, remoteAddress },
        ...(payload === undefined ? {} : { payload }),
      });
      expect([url, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        ...[url, 401, 'unauthenticated'],
      ]);
    }
  });

  function bodyFor(method: string): object | undefined {
    return method === 'POST' || method === 'PUT' ? {} : undefined;
  }
});

describe('another project', () => {
  test('is not reached by a key or a membership of this one', async () => {
    const key = await member('eve', 'admin');
    const wide = await keyOfPerson(api.db, 'root');
    await api.call('PUT', '/v1/projects/other/services/shop', serviceInput('shop'), as(wide));
    for (const path of [
      'services',
      'services/shop',
      'operations',
      'canary-rollouts',
      'members',
      'api-keys',
    ]) {
      const refused = await api.call('GET', `/v1/projects/other/${path}`, undefined, as(key));
      const unknown = await api.call('GET', `/v1/projects/no-such/${path}`, undefined, as(key));
      expect([path, refused.status]).toEqual([path, 403]);
      // Whether a project exists is not told either.
      expect(refused.body.detail.replaceAll('other', 'X')).toBe(
        unknown.body.detail.replaceAll('no-such', 'X'),
      );
    }
    const listed = await api.call('GET', '/v1/projects', undefined, as(key));
    expect(listed.body.items.map((item: { name: string }) => item.name)).toEqual(['default']);
  });

  test('cannot be made or seen into by an admin of one project', async () => {
    const key = await member('eve', 'admin');
    expect((await api.call('POST', '/v1/projects', { name: 'mine' }, as(key))).status).toBe(403);
    expect((await api.call('GET', '/v1/proxies', undefined, as(key))).status).toBe(403);
  });
});

describe('an API key', () => {
  test('is shown once and kept as a hash', async () => {
    const { body, status } = await api.call('POST', 'api-keys', { principal: 'ada', name: 'ci' });
    expect(status).toBe(201);
    expect(body.secret).toMatch(/^hf_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const listed = JSON.stringify((await api.call('GET', 'api-keys')).body);
    expect(listed).toContain(body.prefix);
    expect(listed).not.toContain(body.secret);
    const row = await api.db
      .selectFrom('api_key')
      .selectAll()
      .where('id', '=', body.id)
      .executeTakeFirstOrThrow();
    expect(JSON.stringify({ ...row, hash: row.hash.toString('utf8') })).not.toContain(body.secret.slice(16));
    const entries = await api.db.selectFrom('audit_entry').selectAll().execute();
    expect(entries.map((entry) => Buffer.from(entry.bytes).toString()).join()).not.toContain(
      body.secret.slice(16),
    );
  });

  test('says when it was used last', async () => {
    const { body } = await api.call('POST', 'api-keys', { principal: 'ada', name: 'once' });
    expect(body.lastUsedAt).toBeNull();
    await api.call('GET', 'services', undefined, as(body.secret));
    const used = async () =>
      (await api.call('GET', 'api-keys')).body.items.find((key: { id: string }) => key.id === body.id)
        .lastUsedAt;
    await expect.poll(used).not.toBeNull();
  });

  test('that is revoked works no more, although it was remembered', async () => {
    const { body } = await api.call('POST', 'api-keys', { principal: 'ada', name: 'gone' });
    expect((await api.call('GET', 'services', undefined, as(body.secret))).status).toBe(200);
    expect((await api.call('DELETE', `api-keys/${body.id}`)).status).toBe(204);
    await expect
      .poll(async () => (await api.call('GET', 'services', undefined, as(body.secret))).status)
      .toBe(401);
    expect((await api.call('DELETE', 'api-keys/01ARZ3NDEKTSV4RRFFQ69G5FAV')).status).toBe(404);
  });

  test('ends when its time is over, and lives 366 days at most', async () => {
    const { body } = await api.call('POST', 'api-keys', { principal: 'ada', name: 'short', expiresIn: '1s' });
    await expect
      .poll(
        async () => (await api.call('GET', 'services', undefined, as(body.secret))).body.detail ?? 'works',
      )
      .toContain('expired');
    const forever = await api.call('POST', 'api-keys', { principal: 'ada', name: 'long', expiresIn: '367d' });
    expect(forever.body).toMatchObject({ status: 400, errors: [{ pointer: '/expiresIn' }] });
  });

  test('that is rotated works beside the new one until the overlap is over', async () => {
    const first = (await api.call('POST', 'api-keys', { principal: 'ada', name: 'turn' })).body;
    const second = (await api.call('POST', `api-keys/${first.id}/rotate`, { overlap: '2s' })).body;
    const statusOf = async (secret: string) =>
      (await api.call('GET', 'services', undefined, as(secret))).status;
    expect([await statusOf(first.secret), await statusOf(second.secret)]).toEqual([200, 200]);
    await expect.poll(() => statusOf(first.secret)).toBe(401);
    expect(await statusOf(second.secret)).toBe(200);
    const again = await api.call('POST', `api-keys/${first.id}/rotate`, {});
    expect(again.body).toMatchObject({ status: 409 });
  });

  test('with scopes allows no more than they say', async () => {
    const { body } = await api.call('POST', 'api-keys', {
      principal: 'ada',
      name: 'reader',
      scopes: ['service:read'],
    });
    expect((await api.call('GET', 'services', undefined, as(body.secret))).status).toBe(200);
    expect((await api.call('GET', 'operations', undefined, as(body.secret))).status).toBe(403);
    const wrong = await api.call('POST', 'api-keys', { principal: 'ada', name: 'x', scopes: ['everything'] });
    expect(wrong.body).toMatchObject({ status: 400, errors: [{ pointer: '/scopes/0' }] });
  });

  test('is for a member alone', async () => {
    const { body } = await api.call('POST', 'api-keys', { principal: 'nobody', name: 'x' });
    expect(body).toMatchObject({ status: 404, errors: [{ pointer: '/principal' }] });
  });

  test('of an agent speaks for its proxy and for nothing else', async () => {
    const key = await keyOfProxy(api.db, 'edge');
    const ask = (path: string): Promise<Answer> => api.call('GET', path, undefined, as(key));
    expect((await ask('/v1/proxies/edge/desired-state')).status).toBe(200);
    expect((await ask('/v1/proxies/local/desired-state')).status).toBe(403);
    expect((await ask('/v1/projects/default/services')).status).toBe(403);
    expect((await api.call('GET', '/v1/proxies/edge/desired-state')).status).toBe(403);
  });
});

describe('a member', () => {
  test('that is taken away is out at once', async () => {
    const key = await member('tom', 'operator');
    expect((await api.call('GET', 'services', undefined, as(key))).status).toBe(200);
    await api.call('PUT', 'members/tom', { roles: [] });
    await expect.poll(async () => (await api.call('GET', 'services', undefined, as(key))).status).toBe(403);
  });

  test('is listed with what it is', async () => {
    await member('zoe', 'approver');
    const { body } = await api.call('GET', 'members');
    expect(body.items).toContainEqual({
      principal: 'zoe',
      kind: 'person',
      roles: ['approver'],
      everywhere: false,
    });
    expect(body.items).toContainEqual({
      principal: 'ada',
      kind: 'person',
      roles: ['admin'],
      everywhere: true,
    });
  });
});

describe('what is no key', () => {
  test.each([
    ['nothing', ''],
    ['another scheme', 'Basic YWRhOmFkYQ=='],
    ['an empty bearer', 'Bearer '],
    ['an unknown key', `Bearer hf_0123456789ab_${'A'.repeat(43)}`],
    ['a truncated key', 'Bearer hf_0123456789ab_AAAA'],
    ['a token without a signature', `Bearer ${unsignedToken()}`],
    ['a very long one', `Bearer ${'x'.repeat(9000)}`],
    ['two in one', 'Bearer a, Bearer b'],
  ])('%s is refused with the remedy', async (_, authorization) => {
    const { status, body } = await api.call('GET', 'services', undefined, { authorization });
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(JSON.stringify(body)).not.toContain('AAAA');
  });

  test('a key with another secret behind its prefix is refused', async () => {
    const { body } = await api.call('POST', 'api-keys', { principal: 'ada', name: 'forged' });
    const forged = `${body.prefix}_${'A'.repeat(43)}`;
    expect((await api.call('GET', 'services', undefined, as(forged))).status).toBe(401);
  });

  test.each([
    '?api_key=secret',
    '?access_token=x',
    '?limit=1&token=x',
    `?q=hf_0123456789ab_${'A'.repeat(43)}`,
  ])('a key in the URL (%s) is refused, also with a good one in the header', async (query) => {
    const { status, body } = await api.call('GET', `services${query}`);
    expect([status, body.code]).toEqual([400, 'invalid-input']);
    expect(body.detail).toContain('does not belong in a URL');
  });
});

function unsignedToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: 'ada', exp: 9_999_999_999 })}.`;
}
