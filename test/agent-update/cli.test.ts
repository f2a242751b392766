import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOfPerson } from '../support/access.ts';
import { auditOf } from '../support/audit.ts';
import { testEnvironment } from '../support/fleet.ts';
import { holdfast } from '../cli/support.ts';
import { cliHouse, type CliHouse } from '../config-rollout/cli/house.ts';

let house: CliHouse;
let file: string;
const content = '// holdfast proxy agent 0.3.0\nexport {};\n';

beforeAll(async () => {
  house = await cliHouse();
  await testEnvironment(house.api.db);
  file = await house.file('agent.mjs', content);
  for (const [name, tier] of [
    ['edge-1', 'edge'],
    ['core-1', 'core'],
  ] as const) {
    const { stdout } = await house.run('proxy', 'enroll', name, '--region', 'fra', '--label', `tier=${tier}`);
    await house.api.call('POST', '/v1/proxy-enrollments', { token: stdout.trim() });
  }
});
afterAll(() => house.close());

const order = (...argv: string[]) => house.run('proxy', 'order-update', ...argv);

test('a file is uploaded and ordered for the proxies that fit, and is seen with them', async () => {
  const ordered = await order(
    '--region',
    'fra',
    '--label',
    'tier=edge',
    '--file',
    file,
    '--reason',
    'try it',
  );
  const json = await order('core-1', '--file', file, '--reason', 'try it there', '--json');
  const shown = await house.run('proxy', 'show', 'edge-1');
  const list = await house.run('proxy', 'list');

  expect(ordered).toMatchObject({ code: 0, stdout: expect.stringMatching(/^PROXY +ORDER\nedge-1 +\d+\n$/) });
  expect(ordered.stderr).toContain('ordered agent 0.3.0');
  expect(json.json()).toMatchObject({
    release: createHash('sha256').update(content).digest('hex'),
    ...{ version: '0.3.0', orders: [{ proxy: 'core-1' }] },
  });
  expect(shown.stdout).toMatch(/agent order +0\.3\.0 \(order \d+, .*\): under way/);
  expect(list.stdout).toMatch(/edge-1 .*0\.3\.0 ordered/);
  expect(JSON.stringify(await auditOf(house.api.db, { action: 'proxy.order-update' }))).toContain(
    'try it there',
  );
});

test('without a file the agent of this checkout is built, each time the same', async () => {
  const runs = [];
  for (const reason of ['one', 'two']) runs.push(await order('--all', '--reason', reason, '--json'));

  const [first, second] = runs.map((run) => run.json());
  expect(first.orders.map(({ proxy }: { proxy: string }) => proxy)).toEqual(['core-1', 'edge-1']);
  expect(second.release).toBe(first.release);
});

test.each<[string, number, string]>([
  ['--all', 2, '--reason is required'],
  ['--reason x', 2, 'take --all'],
  ['edge-1 --all --reason x', 2, '--all goes without names'],
  ['edge-1 --label tier --reason x', 2, '--label must be KEY=VALUE'],
  ['edge-1 --valid-for long --reason x', 2, '--valid-for'],
  ['edge-1 --file /nonexistent.mjs --reason x', 2, '--file /nonexistent.mjs cannot be read'],
  ['edge-1 --file package.json --reason x', 2, 'names no version'],
  ['edge-1 --regoin fra --reason x', 2, 'Did you mean --region?'],
  ['edge-9 --file FILE --reason x', 4, 'no enrolled proxy edge-9'],
  ['edge-1 --env nowhere --file FILE --reason x', 4, 'nowhere'],
])('proxy order-update %s', async (line, code, words) => {
  const run = await order(...line.split(' ').map((word) => (word === 'FILE' ? file : word)));

  expect([run.code, run.stdout]).toEqual([code, '']);
  expect(run.stderr).toContain(words);
});

test('an operator may not, and help says what happens', async () => {
  const key = await keyOfPerson(house.api.db, 'bob', 'operator');
  const refused = await holdfast(house.url, key, [
    ...['proxy', 'order-update', 'edge-1', '--file', file, '--reason', 'x'],
  ]);
  const help = await order('--help');

  expect(refused.code).toBe(3);
  expect(help.stdout).toContain('goes back by itself');
});
