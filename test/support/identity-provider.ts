import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import Provider from 'oidc-provider';

export const audience = 'https://holdfast.test';
export const deployerSecret = 'a secret of this test alone';

export interface IdentityProvider {
  readonly issuer: string;
  /** A token by the provider's own key; with claims and a header of the test's choice. */
  sign(claims: JWTPayload, header?: { alg?: string; kid?: string }): Promise<string>;
  close(): Promise<void>;
}

/** A real OpenID provider in this process: discovery, keys and tokens over HTTP; people sign in by device where they may. */
export async function identityProvider({
  byDevice = false,
  tokensLastSeconds = 600,
} = {}): Promise<IdentityProvider> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] },
    clients: [
      {
        client_id: 'deployer',
        client_secret: deployerSecret,
        grant_types: ['client_credentials'],
        id_token_signed_response_alg: 'ES256',
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'holdfast-cli',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        id_token_signed_response_alg: 'ES256',
        redirect_uris: [],
        response_types: [],
      },
    ],
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: byDevice },
      deviceFlow: { enabled: byDevice },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'use',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokensLastSeconds,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  // RFC 8628: 5 s where nothing is said.
  provider.use(async (context, next) => {
    await next();
    if (context.path === '/device/auth' && context.status === 200)
      Object.assign(context.body as object, { interval: 1 });
  });
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    issuer,
    sign: (claims, header = {}) =>
      new SignJWT({ iss: issuer, aud: audience, sub: 'ann', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
        .setExpirationTime(claims.exp ?? '5m')
        .sign(privateKey),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
