import * as oidc from 'openid-client';
import { CliError, exitCodes } from '../exit.ts';
import type { Session } from './store.ts';

const timeoutSeconds = 10;

/** Reads what the provider says about itself. Over HTTPS, or plain HTTP on this very machine. */
export async function discover(issuer: string, clientId: string): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !isHere)
    throw new CliError(
      exitCodes.usage,
      `HOLDFAST_OIDC_ISSUER is ${issuer}: a provider is reached by https alone`,
    );
  try {
    return await oidc.discovery(url, clientId, undefined, oidc.None(), {
      timeout: timeoutSeconds,
      execute: isHere ? [oidc.allowInsecureRequests] : [],
    });
  } catch (error) {
    throw explained(error, issuer);
  }
}

/** Providers differ in how they are told what a token is for: by RFC 8707, which wants a URL, or by `audience`. */
export function resourceOf({ audience }: { readonly audience: string }): Record<string, string> {
  return URL.canParse(audience) ? { audience, resource: audience } : { audience };
}

/** What the provider answered, as the session that is kept; `before` has the refresh token where no new one came. */
export function sessionOf(
  answer: oidc.TokenEndpointResponse,
  { issuer, clientId, audience, refreshToken }: Omit<Session, 'accessToken' | 'expiresAt'>,
): Session {
  return {
    issuer,
    clientId,
    audience,
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? refreshToken,
    expiresAt: answer.expires_in === undefined ? null : Date.now() + answer.expires_in * 1000,
  };
}

/** Says what a provider refused, and what to do; never a token. */
export function explained(error: unknown, issuer: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof oidc.ResponseBodyError) return ofRefusal(error, issuer);
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string };
  return new CliError(
    exitCodes.failed,
    `the identity provider ${issuer} does not answer as one (${cause?.code ?? cause?.message ?? message}); see HOLDFAST_OIDC_ISSUER`,
  );
}

function ofRefusal({ error, error_description: why }: oidc.ResponseBodyError, issuer: string): CliError {
  const refused = (text: string): CliError => new CliError(exitCodes.auth, text);
  switch (error) {
    case 'access_denied':
      return refused('the sign-in was refused in the browser');
    case 'expired_token':
      return refused('nobody confirmed the sign-in in time; try again: holdfast login');
    case 'invalid_grant':
      return refused('the session has ended; sign in again: holdfast login');
    case 'invalid_client':
    case 'unauthorized_client':
      return refused(
        `${issuer} does not let this client sign in by device: its admin registers it, and HOLDFAST_OIDC_CLIENT_ID names it`,
      );
    default:
      return refused(`${issuer} refused it: ${error}${why === undefined ? '' : `, ${why}`}`);
  }
}
