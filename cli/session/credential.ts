import { readFile } from 'node:fs/promises';
import type { Config } from '../../config.ts';
import { isFresh, readSession } from './store.ts';

/**
 * What the CLI sends to an API: the key that was given, else the session of `holdfast login` for that API, else the first key of a
 * stack on this machine; null where there is none of them. Asked before each request, for a long wait outlives a token.
 */
export function createCredential(config: Config, apiUrl: string): () => Promise<string | null> {
  const { apiKey, given, userFolder } = config;
  return async () => {
    if (apiKey.secret !== null) return apiKey.secret;
    if (given.includes('HOLDFAST_API_KEY_FILE')) return keyIn(apiKey.file);
    const session = await readSession(userFolder, apiUrl);
    if (session === null) return keyIn(apiKey.file);
    return isFresh(session) ? session.accessToken : renewed(userFolder, apiUrl);
  };
}

/** Loaded only now: most commands need no provider. */
async function renewed(userFolder: string, apiUrl: string): Promise<string> {
  const { renewSession } = await import('./renew.ts');
  return renewSession(userFolder, apiUrl);
}

/** Without a file the API says how to get a key. */
async function keyIn(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return null;
  }
}
