import { defaultPayloadConverter } from '@temporalio/common';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildApp } from '../../api/app.ts';
import type { App } from '../../api/dependencies.ts';
import { createMayDecode } from '../../api/may-decode.ts';
import { createPayloadCodec } from '../../payload-codec/codec.ts';
import { payloadToJson, type JsonPayload } from '../../payload-codec/json-payload.ts';
import { openKeyring } from '../../payload-codec/keyring.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, startRollout } from '../support/rollout-house/people.ts';
import { makeKeyFile } from './keys.ts';

const keys = await makeKeyFile();
const house = houseForFile({ payloadKeys: () => Promise.resolve(keys.file) });
const token = 'a-bearer-key-of-some-length';
const uiUrl = 'http://127.0.0.1:8233/some/path';
const origin = 'http://127.0.0.1:8233';
const bearer = { authorization: `Bearer ${token}` };
let app: App;
let namespace: string;
let sealed: JsonPayload[];

beforeAll(async () => {
  const tokenFile = join(keys.folder, 'codec-token');
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  namespace = house().namespace;
  const codec = createPayloadCodec({ keyring: openKeyring(keys.file), namespace });
  sealed = (await codec.encode([defaultPayloadConverter.toPayload({ a: 'clear' })])).map(payloadToJson);
  app = await buildApp({
    db: house().db,
    notifications: { on: () => () => undefined, close: () => Promise.resolve() },
    temporal: () => house().client,
    taskQueue: 'operations',
    codec: { codec, namespace, uiUrl, mayDecode: createMayDecode(tokenFile) },
  });
});
afterAll(async () => {
  await app.close();
  await rm(keys.folder, { recursive: true, force: true });
});

function ask(
  verb: string,
  payloads: unknown,
  headers: Record<string, string> = bearer,
  path = `/codec/${namespace}/${verb}`,
) {
  return app.inject({ method: 'POST', url: path, headers, payload: { payloads } });
}

describe('the codec server', () => {
  test('decodes what was sealed, and seals what it is given', async () => {
    const decoded = await ask('decode', sealed);
    const [clear] = decoded.json<{ payloads: JsonPayload[] }>().payloads;
    expect(decoded.statusCode).toBe(200);
    expect(Buffer.from(clear?.data ?? '', 'base64').toString()).toBe('{"a":"clear"}');

    const encoded = (await ask('encode', [clear])).json<{ payloads: JsonPayload[] }>();
    expect(encoded.payloads[0]?.data).not.toBe(clear?.data);
    expect((await ask('decode', encoded.payloads)).json()).toEqual({ payloads: [clear] });
  });

  test('passes on what it cannot open', async () => {
    const strange = { metadata: { encoding: 'YmluYXJ5L2VuY3J5cHRlZA==' }, data: 'AAAA' };
    expect((await ask('decode', [strange])).json()).toEqual({ payloads: [strange] });
    expect((await ask('decode', [])).json()).toEqual({ payloads: [] });
  });

  test.each([
    ['no key', {}],
    ['another key', { authorization: 'Bearer a-bearer-key-of-some-lengtj' }],
    ['a beginning of the key', { authorization: `Bearer ${token.slice(0, -1)}` }],
    ['an empty key', { authorization: 'Bearer ' }],
    ['the key as a user', { authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` }],
    ['another cookie', { cookie: `a=b; holdfast_codec=${token}x` }],
  ])('refuses %s', async (_, headers) => {
    const answer = await ask('decode', sealed, headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.body).not.toContain(token);
    expect(answer.json()).toMatchObject({ code: 'unauthenticated' });
  });

  test('serves one namespace', async () => {
    expect((await ask('decode', sealed, bearer, '/codec/other/decode')).statusCode).toBe(404);
    expect((await ask('decode', sealed, { ...bearer, 'x-namespace': 'other' })).statusCode).toBe(404);
    expect((await ask('decode', sealed, { ...bearer, 'x-namespace': namespace })).statusCode).toBe(200);
  });

  test('lets pages of the Temporal UI ask, and pages of no other origin', async () => {
    const preflight = (from: string) =>
      app.inject({ method: 'OPTIONS', url: `/codec/${namespace}/decode`, headers: { origin: from } });

    const allowed = await preflight(origin);
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization, content-type, x-namespace',
    });
    for (const from of ['http://127.0.0.1:9999', 'null', 'http://127.0.0.1.evil.example', `${origin}0`]) {
      const refused = await preflight(from);
      expect(refused.statusCode).toBe(403);
      expect(refused.headers['access-control-allow-origin']).toBeUndefined();
      expect((await ask('decode', sealed, { ...bearer, origin: from })).statusCode).toBe(403);
    }
    expect((await ask('decode', sealed, { ...bearer, origin })).headers['access-control-allow-origin']).toBe(
      origin,
    );
  });

  test('a browser that was given the key sends it as a cookie', async () => {
    const page = await app.inject({ url: '/codec/login' });
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const login = (authorization: string) =>
      app.inject({ method: 'POST', url: '/codec/session', headers: { authorization } });
    expect((await login('Bearer wrong-key-of-some-length')).statusCode).toBe(401);

    const session = await login(`Bearer ${token}`);

    const cookie = String(session.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const answer = await ask('decode', sealed, { cookie: cookie.split(';')[0] ?? '', origin });
    expect(answer.statusCode).toBe(200);
  });

  test.each([
    ['no list', { payloads: 'x' }],
    ['numbers', { payloads: [5] }],
    ['metadata that is no map', { payloads: [{ metadata: ['x'] }] }],
    ['data that is no text', { payloads: [{ data: 5 }] }],
  ])('refuses a body with %s', async (_, body) => {
    const url = `/codec/${namespace}/decode`;
    const answer = await app.inject({ method: 'POST', url, headers: bearer, payload: body });
    expect(answer.statusCode).toBe(400);
  });

  test("Temporal's own command line shows clear text through it, and without it none", async () => {
    const rollout = await startRollout(house(), await makeService(house()));
    await rollout.result();
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const { address, binary } = inject('temporal');
    const show = async (...flags: string[]): Promise<string> => {
      const id = ['--workflow-id', rollout.handle.workflowId, '--namespace', namespace];
      const args = ['workflow', 'show', ...id, '--address', address, '--output', 'json', ...flags];
      const options = { maxBuffer: 64 * 1024 * 1024 };
      return (await promisify(execFile)(binary, args, options)).stdout;
    };

    const endpoint = ['--codec-endpoint', `${url}/codec/{namespace}`];
    const opened = await show(...endpoint, '--codec-auth', `Bearer ${token}`);

    expect(clearText(opened)).toContain('failureLimit');
    expect(clearText(await show())).not.toContain('failureLimit');
    await expect(show(...endpoint, '--codec-auth', 'Bearer nobody')).rejects.toThrow();
  });
});

/** Everything in a shown history, payload data decoded from base64. */
function clearText(shown: string): string {
  const texts: string[] = [];
  JSON.parse(shown, (_, value: unknown) => {
    if (typeof value === 'string') texts.push(value, Buffer.from(value, 'base64').toString('latin1'));
    return value;
  });
  return texts.join('\n');
}
