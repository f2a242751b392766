import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The checker of the import table, on a small tree with every kind of forbidden import planted in it. */

const repository = join(import.meta.dirname, '../..');

const forbidden: readonly [file: string, imports: string, rule: string][] = [
  ['contracts/logic.ts', "import { verdict } from '../domain/verdict.ts'", 'contracts-imports'],
  ['domain/file.ts', "import { readFile } from 'node:fs/promises'", 'domain-imports'],
  ['domain/query.ts', "import { sql } from 'kysely'", 'domain-imports'],
  ['domain/shape.ts', "import { Name } from '../contracts/common.ts'", 'domain-imports-as-type-only'],
  ['workflows/backup/random.ts', "import { randomUUID } from 'node:crypto'", 'workflows-imports'],
  [
    'workflows/backup/act.ts',
    "import { act } from '../../activities/act.ts'",
    'workflows-imports-as-type-only',
  ],
  [
    'workflows/backup/shape.ts',
    "import { Name } from '../../contracts/common.ts'",
    'workflows-imports-as-type-only',
  ],
  ['workflows/backup/borrow.ts', "import { story } from '../rollout/story.ts'", 'no-other-story'],
  [
    'activities/vendor.ts',
    "import { steer } from '../providers/traffic/traffic.ts'",
    'activities-imports-as-type-only',
  ],
  ['activities/story.ts', "import { story } from '../workflows/rollout/story.ts'", 'activities-imports'],
  ['providers/runtime/other.ts', "import { steer } from '../traffic/traffic.ts'", 'no-other-provider'],
  ['providers/runtime/row.ts', "import { row } from '../../db/row.ts'", 'providers-imports'],
  ['providers/runtime/beat.ts', "import { heartbeat } from '@temporalio/activity'", 'providers-imports'],
  ['db/verb.ts', "import { route } from '../api/route.ts'", 'nothing-imports-api'],
  ['cli/direct.ts', "import { row } from '../db/row.ts'", 'cli-imports'],
  ['cli/machine.ts', "import { up } from '../infra/up.ts'", 'cli-imports'],
  ['proxy-agent/row.ts', "import { row } from '../db/row.ts'", 'proxy-agent-imports'],
  ['api/agent.ts', "import { agent } from '../proxy-agent/agent.ts'", 'nothing-imports-proxy-agent'],
  ['api/steer.ts', "import { steer } from '../providers/traffic/traffic.ts'", 'api-imports'],
  ['api/work.ts', "import { work } from '../workers/work.ts'", 'nothing-imports-workers'],
  ['workers/fake.ts', "import { fake } from '../test/support/fake.ts'", 'nothing-imports-test'],
  ['infra/fake.ts', "import { fake } from '../test/support/fake.ts'", 'nothing-imports-test'],
  ['domain/chicken.ts', "import { egg } from './egg.ts'", 'no-cycle'],
  ['domain/gone.ts', "import { gone } from './nowhere.ts'", 'resolvable'],
  ['db/borrowed.ts', "import { sql } from 'undeclared'", 'declared'],
];

const allowed: readonly [file: string, imports: string][] = [
  ['contracts/backup.ts', "import { Name } from './common.ts'"],
  ['domain/typed.ts', "import type { Name } from '../contracts/common.ts'"],
  ['workflows/backup/story.ts', "import type { act } from '../../activities/act.ts'"],
  ['workflows/backup/decide.ts', "import { verdict } from '../../domain/verdict.ts'"],
  ['activities/typed.ts', "import type { steer } from '../providers/traffic/traffic.ts'"],
  ['activities/row.ts', "import { row } from '../db/row.ts'"],
  ['providers/runtime/local.ts', "import { spawn } from 'node:child_process'"],
  ['db/select.ts', "import { sql } from 'kysely'"],
  ['api/check.ts', "import { check } from '../providers/config-check/haproxy.ts'"],
  ['cli/stack.ts', "import { up } from '../infra/up.ts'"],
  ['workers/wire.ts', "import { steer } from '../providers/traffic/traffic.ts'"],
  ['test/anything.ts', "import { agent } from '../proxy-agent/agent.ts'"],
];

const targets: Record<string, string> = {
  'contracts/common.ts': 'Name',
  'domain/verdict.ts': 'verdict',
  'domain/egg.ts': 'egg',
  'workflows/rollout/story.ts': 'story',
  'activities/act.ts': 'act',
  'providers/traffic/traffic.ts': 'steer',
  'providers/config-check/haproxy.ts': 'check',
  'db/row.ts': 'row',
  'api/route.ts': 'route',
  'infra/up.ts': 'up',
  'proxy-agent/agent.ts': 'agent',
  'workers/work.ts': 'work',
  'test/support/fake.ts': 'fake',
};

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

let root: string;
let violations: Violation[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'imports-'));
  for (const [path, name] of Object.entries(targets)) await put(path, `export const ${name} = 1;`);
  await put('domain/egg.ts', "import { chicken } from './chicken.ts';\nexport const egg = chicken;");
  for (const [path, imports] of [...forbidden, ...allowed]) {
    const name = /\{ (\w+) \}/.exec(imports)?.[1] ?? '';
    const what = imports.startsWith('import type')
      ? `export type Use = typeof ${name};`
      : `export const use = ${name};`;
    await put(
      path,
      `${imports};\n${what}${path === 'domain/chicken.ts' ? '\nexport const chicken = 1;' : ''}`,
    );
  }
  await put('domain/lonely.ts', 'export const lonely = 1;');
  await plantPackages();
  violations = await check();
});

afterAll(() => rm(root, { recursive: true }));

test.each(forbidden)('%s with %s breaks the rule', (file, _imports, rule) => {
  expect(rulesBrokenBy(file)).toContain(rule);
});

test.each(allowed)('%s may %s', (file) => {
  expect(rulesBrokenBy(file)).toEqual([]);
});

test('a file that nothing uses and that uses nothing is told', () => {
  expect(rulesBrokenBy('domain/lonely.ts')).toEqual(['no-orphan']);
});

function rulesBrokenBy(file: string): string[] {
  return violations.filter((violation) => violation.from === file).map((violation) => violation.rule.name);
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function plantPackages(): Promise<void> {
  const names = ['kysely', '@temporalio/activity', 'undeclared'];
  for (const name of names) {
    await put(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    );
    await put(`node_modules/${name}/index.js`, '');
  }
  const dependencies = { kysely: '1.0.0', '@temporalio/activity': '1.0.0' };
  await put('package.json', JSON.stringify({ name: 'tree', type: 'module', dependencies }));
}

async function check(): Promise<Violation[]> {
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json'])
    await copyFile(join(repository, file), join(root, file));
  const folders = [...new Set([...forbidden, ...allowed].map(([path]) => path.split('/')[0] ?? ''))];
  const program = join(repository, 'node_modules/.bin/depcruise');
  const run = promisify(execFile)(
    program,
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders],
    {
      cwd: root,
      maxBuffer: 1e8,
    },
  );
  // It closes with the number of violations.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}
