import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTokenVerifier } from '../../api/identity-token.ts';
import { setMember } from '../../db/access/member.ts';
import { listeningApi, type ListeningApi } from '../api/edge/listening.ts';
import { browser } from '../support/browser.ts';
import { audience, identityProvider, type IdentityProvider } from '../support/identity-provider.ts';

const main = resolve(import.meta.dirname, '../../cli/main.ts');
let provider: IdentityProvider;
let api: ListeningApi;
let home: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  // Shorter than what the CLI takes for fresh: each command renews its token.
  provider = await identityProvider({ byDevice: true, tokensLastSeconds: 20 });
  const { issuer } = provider;
  api = await listeningApi({ verifyToken: (db) => createTokenVerifier(db, { issuer, audience }) });
  const ann = { project: 'default', principal: `${issuer}#ann`, kind: 'person' as const };
  await setMember(api.db, { ...ann, roles: ['viewer'], by: 'ada' });
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-login-'));
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(home, { recursive: true, force: true });
});
afterAll(async () => {
  await api.close();
  await provider.close();
});

interface Command {
  readonly child: ChildProcess;
  /** What stands on stderr so far. */
  said(): string;
  readonly done: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** The real command, in a process of its own. */
function holdfast(argv: readonly string[], env: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      HOLDFAST_API_URL: api.url,
      HOLDFAST_OIDC_ISSUER: provider.issuer,
      HOLDFAST_OIDC_AUDIENCE: audience,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (text.stdout += String(part)));
  child.stderr.on('data', (part) => (text.stderr += String(part)));
  const done = once(child, 'close').then(([code]) => {
    running.delete(child);
    return { code: code as number | null, ...text };
  });
  return { child, said: () => text.stderr, done };
}

async function pageOf(command: Command): Promise<string> {
  await expect.poll(() => command.said()).toContain('shows the code');
  return /https?:\S+/.exec(command.said())?.[0] ?? '';
}

/** Signs in and agrees, as a person does. */
async function agree(page: string, person: string): Promise<void> {
  const window = browser();
  const confirm = await window.submit(await window.open(page));
  const signIn = confirm.text.includes('name="login"') ? confirm : await window.submit(confirm);
  const consent = await window.submit(signIn, { login: person, password: 'any' });
  const end = await window.submit(consent);
  expect([end.status, end.text]).toEqual([200, expect.stringContaining('Success') as string]);
}

async function signIn(person = 'ann', env: Record<string, string> = {}) {
  const command = holdfast(['login', '--json'], env);
  await agree(await pageOf(command), person);
  return command.done;
}

const sessions = (): string => join(home, '.config/holdfast/sessions.json');

describe('holdfast login', () => {
  test('signs in by a browser, keeps the session for its owner alone, and is what commands go by', async () => {
    const { code, stdout } = await signIn();
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { principal: `${provider.issuer}#ann`, renews: true },
    ]);
    expect((await stat(sessions())).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, '.config/holdfast'))).mode & 0o777).toBe(0o700);

    const who = await holdfast(['whoami', '--json']).done;
    expect(JSON.parse(who.stdout)).toMatchObject({
      principal: `${provider.issuer}#ann`,
      roles: { default: ['viewer'] },
    });
    const forbidden = await holdfast(['members', 'list']).done;
    expect(forbidden.code).toBe(3);
  });

  test('renews its token, also for many commands at once', async () => {
    await signIn();
    const before = await readFile(sessions(), 'utf8');
    const ends = await Promise.all(Array.from({ length: 4 }, () => holdfast(['service', 'list']).done));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
    expect(await readFile(sessions(), 'utf8')).not.toBe(before);
  });

  test('gives way to a key that is given, and goes to no other API', async () => {
    await signIn();
    const who = await holdfast(['whoami', '--json'], { HOLDFAST_API_KEY: api.key }).done;
    expect(JSON.parse(who.stdout)).toMatchObject({ principal: 'ada' });
    const elsewhere = await holdfast(['whoami', '--api-url', `http://localhost:${api.port}`]).done;
    expect([elsewhere.code, elsewhere.stderr]).toEqual([3, expect.stringContaining('Bearer KEY') as string]);
  });

  test('goes below XDG_CONFIG_HOME where it is set', async () => {
    await signIn('ann', { XDG_CONFIG_HOME: join(home, 'elsewhere') });
    expect((await stat(join(home, 'elsewhere/holdfast/sessions.json'))).isFile()).toBe(true);
  });

  test('that is refused in the browser ends with exit code 3', async () => {
    const command = holdfast(['login']);
    const window = browser();
    await window.submit(await window.open(await pageOf(command)), { abort: 'yes' });
    const end = await command.done;
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining('refused in the browser') as string]);
  });

  test('that nobody confirms in time ends with exit code 6 and keeps nothing', async () => {
    const { code, stderr } = await holdfast(['login', '--timeout', '1s']).done;
    expect([code, stderr]).toEqual([6, expect.stringContaining('within 1s') as string]);
    await expect(stat(sessions())).rejects.toThrow('ENOENT');
  });

  test('that is interrupted ends with exit code 130', async () => {
    const command = holdfast(['login']);
    await pageOf(command);
    command.child.kill('SIGINT');
    expect((await command.done).code).toBe(130);
  });
});

describe('holdfast logout', () => {
  test('ends the session here and at the provider', async () => {
    await signIn();
    const { refreshToken } = Object.values(
      JSON.parse(await readFile(sessions(), 'utf8')) as Record<string, { refreshToken: string }>,
    )[0]!;
    const { code, stdout } = await holdfast(['logout', '--json']).done;
    expect([code, JSON.parse(stdout)]).toEqual([0, { wasSignedIn: true, ended: true }]);
    expect((await holdfast(['whoami']).done).code).toBe(3);
    const reuse = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: 'holdfast-cli',
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      }),
    });
    expect(await reuse.json()).toMatchObject({ error: 'invalid_grant' });
    expect(JSON.parse((await holdfast(['logout', '--json']).done).stdout)).toEqual({
      wasSignedIn: false,
      ended: false,
    });
  });
});

describe('is told clearly', () => {
  test.each([
    ['no issuer is set', { HOLDFAST_OIDC_ISSUER: '' }, 2, 'HOLDFAST_OIDC_ISSUER is not set'],
    ['the provider is away', { HOLDFAST_OIDC_ISSUER: 'http://127.0.0.1:1' }, 1, 'does not answer'],
    ['it is not reached safely', { HOLDFAST_OIDC_ISSUER: 'http://idp.test' }, 2, 'by https alone'],
    ['the client is not known', { HOLDFAST_OIDC_CLIENT_ID: 'nobody' }, 3, 'HOLDFAST_OIDC_CLIENT_ID'],
    ['the client may not', { HOLDFAST_OIDC_CLIENT_ID: 'deployer' }, 3, 'HOLDFAST_OIDC_CLIENT_ID'],
    ['the span is none', { X: '' }, 2, '--timeout', ['--timeout', 'soon']],
  ])('%s', async (_, env: Record<string, string>, code, words, more: string[] = []) => {
    const end = await holdfast(['login', ...more], env).done;
    expect([end.code, end.stderr]).toEqual([code, expect.stringContaining(words) as string]);
  });

  test('the provider has no device endpoint', async () => {
    const plain = await identityProvider();
    const end = await holdfast(['login'], { HOLDFAST_OIDC_ISSUER: plain.issuer }).done;
    await plain.close();
    expect([end.code, end.stderr]).toEqual([
      3,
      expect.stringContaining('no device authorization endpoint') as string,
    ]);
  });

  test('the API does not take the token: nothing is kept', async () => {
    const command = holdfast(['login'], { HOLDFAST_OIDC_AUDIENCE: 'https://other.test' });
    await agree(await pageOf(command), 'ann');
    const end = await command.done;
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining('"aud"') as string]);
    await expect(stat(sessions())).rejects.toThrow('ENOENT');
  });

  test('the session has ended at the provider', async () => {
    await signIn();
    const text = await readFile(sessions(), 'utf8');
    await writeFile(sessions(), text.replace(/("refreshToken": ")[^"]*/, '$1gone'));
    const end = await holdfast(['whoami']).done;
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining('holdfast login') as string]);
  });

  test('others can read the session', async () => {
    await signIn();
    await chmod(sessions(), 0o644);
    const end = await holdfast(['whoami']).done;
    expect([end.code, end.stderr]).toEqual([3, expect.stringContaining('others can read') as string]);
  });
});
