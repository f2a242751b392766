import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Proves the tree: format, lint, imports, types, dead code, names, fast tests. All of them run, so that one look shows all that is wrong.
 * `--static` leaves the tests out; names as arguments choose checks. Closes with exit code 0 only when every one passed.
 */
const root = join(import.meta.dirname, '..');

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What to do about a failure. */
  readonly remedy: string;
}

const folders = [
  ...[
    'contracts',
    'domain',
    'workflows',
    'activities',
    'providers',
    'payload-codec',
    'temporal-connection',
    'clustering-threads',
    'proxy-agent',
    'workers',
  ],
  ...[
    'api',
    'db',
    'cli',
    'infra',
    'bench',
    'test',
    'config.ts',
    'settings.ts',
    'setting-values.ts',
    'vitest.config.ts',
  ],
];

const staticChecks: readonly Check[] = [
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'], remedy: 'npm run format' },
  // Without its cache: a rule that reads types depends on other files than the one that did not change.
  { name: 'lint', command: ['eslint', '.'], remedy: 'npx eslint --fix . mends a part of it' },
  {
    name: 'imports',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', ...folders],
    remedy: 'the table is in docs/architecture.md',
  },
  { name: 'types', command: ['tsc', '--pretty', 'false'], remedy: 'npx tsc shows it in colour' },
  { name: 'dead code', command: ['knip', '--no-config-hints'], remedy: 'remove what nothing uses' },
  { name: 'names', command: ['node', 'infra/check-names.ts'], remedy: 'docs/architecture.md, "The folders"' },
];

const fastTests: Check = {
  name: 'fast tests',
  command: ['vitest', 'run', '--config', 'test/fast.config.ts', '--reporter', 'agent'],
  remedy: 'npx vitest --config test/fast.config.ts',
};

const { values, positionals } = parseArgs({
  options: { static: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const isChosen = ({ name }: Check): boolean => positionals.length === 0 || positionals.includes(name);
const still = staticChecks.filter(isChosen);
const running = values.static ? [] : [fastTests].filter(isChosen);
const chosen = [...still, ...running];
// The tests wait for the rest: a test has a time-out, and the checks take every core.
const results = [...(await Promise.all(still.map(tell))), ...(await Promise.all(running.map(tell)))];
const failed = chosen.filter((_, index) => results[index] === false).map(({ name }) => name);
process.stdout.write(
  failed.length === 0 ? `${chosen.length} checks passed\n` : `${failed.join(', ')} failed\n`,
);
process.exitCode = failed.length === 0 && chosen.length > 0 ? 0 : 1;

/** Runs a check and tells how it went as soon as it is over. */
async function tell(check: Check): Promise<boolean> {
  const begun = performance.now();
  const { code, output } = await run(check.command);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(
    `${code === 0 ? 'ok    ' : 'FAILED'} ${check.name.padEnd(12)} ${seconds.padStart(5)} s\n`,
  );
  if (code === 0) return true;
  process.stdout.write(`${indent(output)}\n       ${check.remedy}\n`);
  return false;
}

async function run([program, ...args]: Check['command']): Promise<{ code: number | null; output: string }> {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: Buffer.concat(chunks).toString() };
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '       ');
}
