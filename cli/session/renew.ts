import * as oidc from 'openid-client';
import { CliError, exitCodes } from '../exit.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { discover, explained, resourceOf, sessionOf } from './provider.ts';
import { isFresh, keepSession, readSession, type Session } from './store.ts';

/** Answers an access token that still holds; of several commands that find it ended, one renews it and the others read the new one. */
export async function renewSession(folder: string, apiUrl: string): Promise<string> {
  return oneAtATime(folder, async () => {
    const session = await readSession(folder, apiUrl);
    if (session === null) throw ended('there is no session any more');
    if (isFresh(session)) return session.accessToken;
    if (session.refreshToken === null) throw ended('the session has ended');
    const next = await exchange(session, session.refreshToken);
    await keepSession(folder, apiUrl, next);
    return next.accessToken;
  });
}

async function exchange(session: Session, refreshToken: string): Promise<Session> {
  try {
    const configuration = await discover(session.issuer, session.clientId);
    const answer = await oidc.refreshTokenGrant(configuration, refreshToken, resourceOf(session));
    return sessionOf(answer, session);
  } catch (error) {
    throw explained(error, session.issuer);
  }
}

function ended(what: string): CliError {
  return new CliError(exitCodes.auth, `${what}; sign in again: holdfast login`);
}
