import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, exitCodes } from '../exit.ts';

/** What a person got by signing in. It is sent to the API that it was made for and to no other. */
export interface Session {
  readonly issuer: string;
  readonly clientId: string;
  /** What its tokens are for. */
  readonly audience: string;
  readonly accessToken: string;
  /** null: the provider gave none; when the token ends, the session does. */
  readonly refreshToken: string | null;
  /** Unix time in milliseconds; null: the provider did not say. */
  readonly expiresAt: number | null;
}

/** A token is renewed when it would end within this: what it is sent for must still arrive. */
const renewBeforeMs = 30_000;

export function isFresh({ expiresAt, refreshToken }: Session): boolean {
  // Without a way to renew it, its last seconds count, too.
  return expiresAt === null || expiresAt - (refreshToken === null ? 0 : renewBeforeMs) > Date.now();
}

type Sessions = Readonly<Record<string, Session>>;

/** The session for an API, or null. */
export async function readSession(folder: string, apiUrl: string): Promise<Session | null> {
  const sessions = await readAll(folder);
  const name = originOf(apiUrl);
  return Object.hasOwn(sessions, name) ? (sessions[name] ?? null) : null;
}

export async function keepSession(folder: string, apiUrl: string, session: Session): Promise<void> {
  await writeAll(folder, { ...(await readAll(folder)), [originOf(apiUrl)]: session });
}

export async function dropSession(folder: string, apiUrl: string): Promise<void> {
  const { [originOf(apiUrl)]: _gone, ...others } = await readAll(folder);
  await writeAll(folder, others);
}

function originOf(apiUrl: string): string {
  return new URL(apiUrl).origin;
}

function fileIn(folder: string): string {
  return join(folder, 'sessions.json');
}

async function readAll(folder: string): Promise<Sessions> {
  const file = fileIn(folder);
  const found = await stat(file).catch(() => null);
  if (found === null) return {};
  if ((found.mode & 0o077) !== 0)
    throw new CliError(exitCodes.auth, `others can read ${file}: sign in again after: rm ${file}`);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Sessions;
  } catch {
    throw new CliError(exitCodes.auth, `${file} is not readable as JSON: sign in again after: rm ${file}`);
  }
}

/** All of it or nothing, whatever is killed; readable by its owner alone from its first byte on. */
async function writeAll(folder: string, sessions: Sessions): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `.sessions-${randomUUID()}`);
  try {
    const file = await open(part, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(sessions, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, fileIn(folder));
  } finally {
    await rm(part, { force: true });
  }
}
