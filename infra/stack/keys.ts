import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import type { Config } from '../../config.ts';
import { ensureInstallationKey } from '../../db/access/first-keys.ts';
import { newSecret } from '../../db/access/secret.ts';
import type { Db } from '../../db/connect.ts';

/** The key of the first admin: whoever can read the home of the stack is one. */
export function adminKeyFile(home: string): string {
  return join(home, 'keys/admin');
}

/** The key with which the agent beside a proxy speaks for it, and for nothing else. */
export function agentKeyFile(home: string, proxy: string): string {
  return join(home, `keys/proxy-${proxy}`);
}

/**
 * Makes the keys of the installation, each in a file that only its owner reads; there is no default password. The file is what
 * counts: a database that was made anew learns the keys again.
 */
export async function ensureKeys(db: Db, { home, principal, agent }: Config): Promise<void> {
  await ensureInstallationKey(db, {
    id: ulid(),
    secret: await secretIn(adminKeyFile(home)),
    name: 'first admin key',
    principal,
    kind: 'person',
    role: 'admin',
    scopes: null,
  });
  await ensureInstallationKey(db, {
    id: ulid(),
    secret: await secretIn(agentKeyFile(home, agent.proxy)),
    name: `agent of proxy ${agent.proxy}`,
    principal: `proxy:${agent.proxy}`,
    kind: 'proxy',
    role: null,
    scopes: [`proxy:${agent.proxy}`],
  });
}

/** The secret in the file; a new one where there is none. Of two that make it at once, one wins. */
async function secretIn(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const made = await open(file, 'wx', 0o600);
    try {
      const secret = newSecret();
      await made.writeFile(`${secret}\n`);
      await made.sync();
      return secret;
    } finally {
      await made.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(file, 'utf8')).trim();
  }
}
