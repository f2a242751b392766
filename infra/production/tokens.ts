import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenIssuer {
  /** Where the server reads the public keys. */
  readonly keysUrl: string;
  /** A JWT that is valid for `seconds` from now on; permissions are `namespace:role`. */
  token(permissions: readonly string[], seconds?: number): string;
  close(): Promise<void>;
}

const keyId = 'trial';

/** Stands for an identity provider: a key pair, its public half over HTTP, and tokens that it signs. */
export async function startIssuer(): Promise<TokenIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }];
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    keysUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys.json`,
    token: (permissions, seconds = 600) => tokenOf(privateKey, permissions, seconds),
    close: () => closed(server),
  };
}

/** A token that looks the same, signed with a key that nobody knows. */
export function forgedToken(permissions: readonly string[]): string {
  return tokenOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, permissions, 600);
}

/** A token that claims to need no signature. */
export function unsignedToken(permissions: readonly string[]): string {
  return `${part({ alg: 'none', kid: keyId })}.${part(claims(permissions, 600))}.`;
}

function tokenOf(key: KeyObject, permissions: readonly string[], seconds: number): string {
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: keyId })}.${part(claims(permissions, seconds))}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function claims(permissions: readonly string[], seconds: number): object {
  const now = Math.floor(Date.now() / 1000);
  return { sub: 'trial', aud: 'temporal', iat: now - 60, exp: now + seconds, permissions };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
