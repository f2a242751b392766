import * as oidc from 'openid-client';
import type { WhoAmI } from '../../contracts/access.ts';
import type { Config } from '../../config.ts';
import { createClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { millisecondsOf } from '../flags.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { discover, explained, resourceOf, sessionOf } from './provider.ts';
import { keepSession } from './store.ts';

type Provider = NonNullable<Config['oidc']>;

/** The device authorization grant of RFC 8628. A session is kept only when the API has taken its token. */
export async function login(
  cli: Cli,
  _args: readonly string[],
  { timeout }: { timeout: string },
): Promise<void> {
  const provider = requireProvider(cli);
  const configuration = await discover(provider.issuer, provider.clientId);
  if (configuration.serverMetadata().device_authorization_endpoint === undefined) {
    throw new CliError(
      exitCodes.auth,
      `the identity provider ${provider.issuer} has no device authorization endpoint: let its admin switch the device flow on, or use an API key: holdfast keys create`,
    );
  }
  const answer = await confirmed(cli, configuration, provider, timeout);
  const session = sessionOf(answer, { ...provider, refreshToken: null });
  const who = await createClient(cli.api.url, () => Promise.resolve(session.accessToken)).get<WhoAmI>(
    '/v1/whoami',
  );
  const { userFolder } = cli.config;
  await oneAtATime(userFolder, () => keepSession(userFolder, cli.api.url, session));
  const until = session.expiresAt === null ? null : new Date(session.expiresAt).toISOString();
  cli.out.data(
    { principal: who.principal, issuer: provider.issuer, renews: session.refreshToken !== null, until },
    () => `signed in as ${who.principal}`,
  );
}

function requireProvider({ config }: Cli): Provider {
  if (config.oidc !== null) return config.oidc;
  throw new CliError(
    exitCodes.usage,
    'HOLDFAST_OIDC_ISSUER is not set: set it to the identity provider that the API trusts, or use an API key: holdfast keys create',
  );
}

async function confirmed(
  cli: Cli,
  configuration: oidc.Configuration,
  provider: Provider,
  timeout: string,
): Promise<oidc.TokenEndpointResponse> {
  const late = AbortSignal.timeout(millisecondsOf('--timeout', timeout));
  try {
    const device = await oidc.initiateDeviceAuthorization(configuration, wishes(provider));
    const page = device.verification_uri_complete ?? device.verification_uri;
    cli.out.note(`open this page in a browser, on any device:\n  ${printable(page)}`);
    cli.out.note(`and confirm that it shows the code ${printable(device.user_code)}`);
    return await oidc.pollDeviceAuthorizationGrant(configuration, device, resourceOf(provider), {
      signal: late,
    });
  } catch (error) {
    if (late.aborted)
      throw new CliError(
        exitCodes.timeout,
        `nobody confirmed the sign-in within ${timeout}; try again: holdfast login`,
      );
    throw explained(error, provider.issuer);
  }
}

function wishes(provider: Provider): Record<string, string> {
  const { scope } = provider;
  return {
    scope,
    ...resourceOf(provider),
    // A refresh token is given only where the person is asked for it.
    ...(scope.split(' ').includes('offline_access') ? { prompt: 'consent' } : {}),
  };
}

/** The provider's words on a terminal: no control character of its choice. */
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').slice(0, 500);
}
