import * as oidc from 'openid-client';
import type { Cli } from '../context.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { discover } from './provider.ts';
import { dropSession, readSession, type Session } from './store.ts';

/** Forgets the session here in any case, and lets the provider end it where that can be done. */
export async function logout(cli: Cli): Promise<void> {
  const { userFolder } = cli.config;
  const session = await oneAtATime(userFolder, async () => {
    const found = await readSession(userFolder, cli.api.url);
    if (found !== null) await dropSession(userFolder, cli.api.url);
    return found;
  });
  const ended = session !== null && (await endAtProvider(session));
  if (session !== null && !ended)
    cli.out.note(`${session.issuer} was not told; its token ends by itself at the latest`);
  cli.out.data({ wasSignedIn: session !== null, ended }, () =>
    session === null ? 'there was no session' : 'signed out',
  );
}

/** Answers whether the provider took it; signing out here must not depend on it. */
async function endAtProvider({ issuer, clientId, refreshToken, accessToken }: Session): Promise<boolean> {
  try {
    const configuration = await discover(issuer, clientId);
    if (configuration.serverMetadata().revocation_endpoint === undefined) return false;
    await oidc.tokenRevocation(configuration, refreshToken ?? accessToken);
    return true;
  } catch {
    return false;
  }
}
