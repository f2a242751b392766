import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTokenVerifier } from '../../../api/identity-token.ts';
import { setMember } from '../../../db/access/member.ts';
import { audience, identityProvider, type IdentityProvider } from '../../support/identity-provider.ts';
import { head, listeningApi, type ListeningApi } from './listening.ts';

let provider: IdentityProvider;
let api: ListeningApi;
/** Everything that was presented here; none of it may be told again. */
const presented: string[] = [];

beforeAll(async () => {
  provider = await identityProvider();
  const { issuer } = provider;
  api = await listeningApi({ verifyToken: (db) => createTokenVerifier(db, { issuer, audience }) });
  const ann = { project: 'default', principal: `${issuer}#ann`, kind: 'person' as const };
  await setMember(api.db, { ...ann, roles: ['viewer'], by: 'ada' });
});
afterEach(() => api.isWell());
afterAll(async () => {
  await api.close();
  await provider.close();
});

async function ask(credential: string, path = '/v1/projects/default/services') {
  presented.push(credential);
  const response = await fetch(`${api.url}${path}`, { headers: { authorization: `Bearer ${credential}` } });
  const text = await response.text();
  return { status: response.status, text, code: (JSON.parse(text) as { code?: string }).code };
}

test('a token of the provider is taken, for what its membership says', async () => {
  const token = await provider.sign({});
  expect((await ask(token)).status).toBe(200);
  expect((await ask(token, '/v1/projects/default/members')).status).toBe(403);
  expect((await ask(await provider.sign({ sub: 'eve' }))).status).toBe(403);
});

describe('a token', () => {
  const claims = () => ({ iss: provider.issuer, aud: audience, sub: 'ann' });
  const another = async () => (await generateKeyPair('ES256')).privateKey;
  const past = Math.floor(Date.now() / 1000) - 3600;

  test.each([
    ['with alg none', () => new UnsecuredJWT(claims()).setExpirationTime('5m').encode()],
    ['with alg NONE', () => spelled('NONE')],
    [
      'with alg none and a signature',
      async () => `${spelled('none')}${(await provider.sign({})).split('.')[2]}`,
    ],
    ['forged by another key', async () => bySecret('ES256', await another())],
    ['signed by a shared secret', () => bySecret('HS256', new Uint8Array(32))],
    ['with a key of its own inside', async () => withOwnKey()],
    ['that has expired', () => provider.sign({ exp: past })],
    ['that is not valid yet', () => provider.sign({ nbf: past + 7200 })],
    ['of another issuer', () => provider.sign({ iss: 'https://evil.test' })],
    ['for somebody else', () => provider.sign({ aud: 'https://other.test' })],
    ['cut short', async () => (await provider.sign({})).slice(0, -10)],
    ['without its signature', async () => (await provider.sign({})).replace(/[^.]*$/, '')],
    ['with more behind it', async () => `${await provider.sign({})}.more`],
    ['of five parts', () => 'a.b.c.d.e'],
    ['of eight thousand characters', () => `${'x'.repeat(4000)}.${'y'.repeat(4000)}.z`],
    [
      'with a key from elsewhere',
      async () => bySecret('ES256', await another(), { jku: 'http://127.0.0.1:1/' }),
    ],
    ['with a path for a key', async () => bySecret('ES256', await another(), { kid: '../../etc/passwd' })],
  ])('%s is refused', async (_, make) => {
    const { status, code } = await ask(await make());
    expect([status, code]).toEqual([401, 'unauthenticated']);
  });

  function spelled(alg: string): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg, typ: 'JWT' })}.${part({ ...claims(), exp: past + 7200 })}.`;
  }

  function bySecret(alg: string, key: Parameters<SignJWT['sign']>[0], extra: object = {}): Promise<string> {
    return new SignJWT(claims())
      .setProtectedHeader({ alg, kid: 'one', ...extra })
      .setExpirationTime('5m')
      .sign(key);
  }

  async function withOwnKey(): Promise<string> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return bySecret('ES256', privateKey, { jwk: await exportJWK(publicKey) });
  }
});

describe('a key in a URL', () => {
  const secret = `hf_0123456789ab_${'S'.repeat(43)}`;
  test.each([
    `/v1/projects/default/services?api_key=${secret}`,
    `/v1/projects/default/services?x=${secret}`,
    `/v1/projects/default/services?x=%68%66_0123456789ab_${'S'.repeat(43)}`,
    `/v1/projects/default/services?%61pi_key=SSSSSSSSSSSSSSSS`,
    `/v1/projects/${secret}/services`,
    `/v1/%68f_0123456789ab_${'S'.repeat(43)}`,
    `/${secret}/%`,
    `/nothing/${secret}`,
    `/docs/${secret}`,
    `/livez?token=SSSSSSSSSSSSSSSS`,
  ])('(%s) is refused and not repeated', async (path) => {
    const { status, text, code } = await ask(api.key, path);
    expect([status, code]).toEqual([400, 'invalid-input']);
    expect(text).not.toContain('SSSS');
  });

  test('a token in a URL, too', async () => {
    const token = await provider.sign({});
    const { status, text } = await ask(api.key, `/v1/projects/${token}/services`);
    presented.push(token);
    expect(status).toBe(400);
    expect(text).not.toContain(token.slice(0, 30));
  });
});

test('a thousand bad logins on one connection and on many are refused, and a good one goes on beside them', async () => {
  const bad = (index: number): string => `hf_${index.toString(16).padStart(12, '0')}_${'b'.repeat(43)}`;
  const raw = (index: number): string => head(bad(index), 'GET /v1/projects/default/services HTTP/1.1');
  const one = api.send(Array.from({ length: 300 }, (_, index) => raw(index)).join(''), 300);
  const many: Promise<number>[] = [];
  for (let index = 300; index < 1000; index += 1) {
    many.push(ask(index % 2 === 0 ? bad(index) : `${bad(index)}.x.y`).then(({ status }) => status));
    if (index % 100 === 0) await api.isWell();
  }
  const statuses = [...(await one).map(({ status }) => status), ...(await Promise.all(many))];
  expect(statuses).toHaveLength(1000);
  expect([...new Set(statuses)].sort()).toEqual([401, 429]);
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(200);
  await api.isWell();
});

test('nothing that was presented stands in the logs', () => {
  const logs = api.logs();
  for (const credential of presented) {
    const secret = credential.slice(-20);
    if (secret.length === 20) expect(logs.includes(secret)).toBe(false);
  }
  expect(logs).not.toContain('SSSS');
});
