import { generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenVerifier } from '../../api/identity-token.ts';
import { connectUnwalled, type Db } from '../../db/connect.ts';
import { setMember } from '../../db/access/member.ts';
import {
  audience,
  deployerSecret,
  identityProvider,
  type IdentityProvider,
} from '../support/identity-provider.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let db: Db;
let provider: IdentityProvider;
let issuer: string;
let sign: IdentityProvider['sign'];

beforeAll(async () => {
  database = await testDatabase();
  db = connectUnwalled(database.url);
  provider = await identityProvider();
  ({ issuer, sign } = provider);
});
afterAll(async () => {
  await provider.close();
  await db.destroy();
  await database.close();
});

function verifier() {
  return createTokenVerifier(db, { issuer, audience });
}

async function fetchToken(resource: string): Promise<string> {
  const secret = client.ClientSecretPost(deployerSecret);
  const config = await client.discovery(new URL(issuer), 'deployer', undefined, secret, {
    execute: [client.allowInsecureRequests],
  });
  return (await client.clientCredentialsGrant(config, { resource, scope: 'use' })).access_token;
}

describe('a token of the provider', () => {
  test('names its principal, and memberships say what it may do', async () => {
    const id = `${issuer}#deployer`;
    await setMember(db, {
      project: 'default',
      principal: id,
      kind: 'service',
      roles: ['operator'],
      by: 'ada',
    });
    const principal = await verifier()(await fetchToken(audience));
    expect(principal).toMatchObject({ id, roles: { default: ['operator'] }, keyId: null });
  });

  test('for somebody else is refused', async () => {
    await expect(verifier()(await fetchToken('https://other.test'))).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('"aud"') as string,
    });
  });

  test('counts by its verified address, and by that of the provider when it is not verified', async () => {
    const verified = await verifier()(await sign({ email: 'ann@example.org', email_verified: true }));
    const claimed = await verifier()(await sign({ email: 'ann@example.org', email_verified: false }));
    expect([verified.id, claimed.id]).toEqual(['ann@example.org', `${issuer}#ann`]);
  });

  test('names the groups that the provider has it in, and nothing that is no name', async () => {
    const groups = ['sre', 7, null, 'security'];
    expect(await verifier()(await sign({ groups }))).toMatchObject({ claims: ['sre', 'security'] });
    expect(await verifier()(await sign({ groups: 'sre' }))).toMatchObject({ claims: [] });
  });

  test('that claims to be an admin is what its membership says: nothing', async () => {
    const principal = await verifier()(await sign({ sub: 'eve', roles: { '*': ['admin'] }, role: 'admin' }));
    expect(principal.roles).toEqual({});
  });
});

describe('a forged token', () => {
  const forged: readonly (readonly [string, () => Promise<string> | string])[] = [
    [
      'without a signature',
      () => new UnsecuredJWT({ iss: issuer, aud: audience, sub: 'ann' }).setExpirationTime('5m').encode(),
    ],
    ['of another key', async () => resigned({ kid: 'one' })],
    ['of a key that the provider does not know', async () => resigned({ kid: 'two' })],
    ['with a shared secret', () => shared()],
    ['of another issuer', () => sign({ iss: 'https://elsewhere.test' })],
    ['that has expired', () => sign({ exp: Math.floor(Date.now() / 1000) - 3600 })],
    ['that never ends', async () => resignedWithoutEnd()],
    ['that is not valid yet', () => sign({ nbf: Math.floor(Date.now() / 1000) + 3600 })],
    ['with a changed claim', async () => changed(await sign({}))],
    ['cut short', async () => (await sign({})).slice(0, -20)],
    ['that is no token', () => 'nonsense'],
    ['of dots', () => '..'],
  ];

  test.each(forged)('%s is refused, and says nothing of itself', async (_, make) => {
    const token = await make();
    const refusal = await verifier()(token).then(
      () => null,
      (error: unknown) => error as { code: string; message: string },
    );
    expect(refusal?.code).toBe('unauthenticated');
    if (token.length > 5) expect(refusal?.message).not.toContain(token);
  });

  async function resigned(header: { kid: string }): Promise<string> {
    const { privateKey } = await generateKeyPair('ES256');
    return new SignJWT({ iss: issuer, aud: audience, sub: 'ann' })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .setExpirationTime('5m')
      .sign(privateKey);
  }

  function shared(): Promise<string> {
    return new SignJWT({ iss: issuer, aud: audience, sub: 'ann' })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode('the public key, taken for a secret'));
  }

  async function resignedWithoutEnd(): Promise<string> {
    const whole = await sign({});
    const [head = '', , signature = ''] = whole.split('.');
    const body = Buffer.from(JSON.stringify({ iss: issuer, aud: audience, sub: 'ann' })).toString(
      'base64url',
    );
    return `${head}.${body}.${signature}`;
  }

  function changed(token: string): string {
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as JWTPayload;
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
    return `${head}.${other}.${signature}`;
  }
});

test('a provider that is away is told as such, not as a bad token', async () => {
  const away = createTokenVerifier(db, { issuer: 'http://127.0.0.1:1', audience });
  await expect(away(await sign({}))).rejects.toMatchObject({ code: 'unavailable' });
});
