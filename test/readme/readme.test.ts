import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Every command of the README's `sh` blocks, in order, as a reader would type them. */
const root = path.resolve(import.meta.dirname, '../..');
/** A checkout of our own, by links: what the commands write stays in it. */
let checkout = '';

beforeAll(async () => {
  checkout = await mkdtemp(path.join(tmpdir(), 'holdfast-readme-'));
  // PostgreSQL runs as another account when we are root, and has to pass through.
  await chmod(checkout, 0o711);
  for (const entry of await readdir(root))
    if (!entry.startsWith('.')) await symlink(path.join(root, entry), path.join(checkout, entry));
});

afterAll(async () => {
  await run('./holdfast down');
  await rm(checkout, { recursive: true, force: true });
}, 60_000);

test('every command of the README works', { timeout: 400_000 }, async () => {
  const commands = commandsOf(await readFile(path.join(root, 'README.md'), 'utf8'));
  expect(commands.length).toBeGreaterThan(10);

  for (const command of commands) {
    const { code, output } = await run(command);
    expect({ command, code, output: code === 0 ? '' : output }).toEqual({ command, code: 0, output: '' });
  }
});

test('every page that the README links to is there', async () => {
  const text = await readFile(path.join(root, 'README.md'), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) await expect(stat(path.join(root, link)), link).resolves.toBeDefined();
});

function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line.trim() !== '');
}

function run(command: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-c', command], {
    cwd: checkout,
    env: { ...process.env, HOLDFAST_HOME: undefined, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}
