import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOfPerson } from '../../support/access.ts';
import { holdfast } from '../../cli/support.ts';
import { cliHouse, shopYaml, type CliHouse } from './house.ts';

let house: CliHouse;
beforeAll(async () => {
  house = await cliHouse();
  await house.file('shop.yml', shopYaml());
});
afterAll(() => house.close());

const revision = 'a'.repeat(64);

test.each<[string, number, string]>([
  ['config putt', 2, 'Did you mean put?'],
  ['config put SHOP', 2, '--reason'],
  ['config put /nonexistent.yml --reason x', 2, 'cannot read /nonexistent.yml'],
  ['config put --reason x --bas y', 2, 'Did you mean --base?'],
  ['config put SHOP --reason x --base zzz', 2, 'is no revision'],
  ['config put SHOP --reason x --base abcdef0', 4, 'no environment'],
  ['config put SHOP --reason x --env Wrong_Name', 2, 'environment'],
  ['config pull -', 2, 'holdfast config show'],
  ['config pull FOLDER/x.yml --env nowhere', 4, 'nowhere'],
  ['config show', 4, 'production'],
  ['config show head', 4, 'production'],
  [`config show ${revision}`, 4, ''],
  ['config show nonsense', 2, 'is no revision'],
  ['config history --limit many', 2, '--limit'],
  ['config history --env nowhere', 4, 'nowhere'],
  ['config diff a b --file SHOP', 2, '--file'],
  ['config diff --env nowhere', 4, 'nowhere'],
  ['config plan --file SHOP --revision head', 2, 'either --file or --revision'],
  ['config plan --file SHOP --plan /nonexistent.yml', 2, 'cannot read /nonexistent.yml'],
  ['config import', 2, 'haproxy.cfg'],
  ['config import /nonexistent.cfg', 2, 'cannot read /nonexistent.cfg'],
  ['config simulate --file SHOP', 2, 'have told of none within a day'],
  ['config simulate --file SHOP --port 80', 2, 'are for lines of --requests'],
  ['config simulate --file SHOP --requests /nonexistent', 2, 'cannot read'],
  ['config simulate --file SHOP --requests SHOP', 2, 'is no JSON object'],
  ['config simulate --file SHOP --requests EMPTY', 2, 'has no requests'],
  ['config simulate --file SHOP --requests SHOP --port x', 2, '--port must be a whole number'],
  ['config apply --file SHOP --revision head', 2, 'either --file or --revision'],
  ['config apply --merge', 2, '--file'],
  ['config apply --ignore-freeze', 2, '--reason'],
  ['config apply --file SHOP', 2, '--reason'],
  ['config apply --env nowhere', 4, 'nowhere'],
  ['config status', 4, 'production'],
  ['config status nonsense', 2, 'id'],
  ['config watch 01ARZ3NDEKTSV4RRFFQ69G5FAV', 4, ''],
  ['config rollouts --status odd', 2, 'status'],
  ['config pause', 4, 'production'],
  ['config approve', 4, 'production'],
  ['config rollback', 2, '--reason'],
  ['config rollback --env nowhere --reason x', 4, 'nowhere'],
  ['config drift --env nowhere', 4, 'nowhere'],
  ['config env show nowhere', 4, 'nowhere'],
  ['config env set', 2, 'name-or-file'],
  ['config env set production /nonexistent.yml', 2, 'cannot read /nonexistent.yml'],
  ['config env set LIST', 2, 'must be a mapping'],
  ['proxy enroll', 2, 'name'],
  ['proxy enroll Wrong_Name', 2, 'proxy'],
  ['proxy enroll edge --label tier', 2, 'KEY=VALUE'],
  ['proxy enroll edge --valid-for soon', 2, '--valid-for'],
  ['proxy enroll edge --token-file FOLDER/x/y', 2, '--token-file'],
  ['proxy show nobody', 4, 'nobody'],
  ['proxy remove nobody', 2, '--reason'],
])('holdfast %s exits with %i', async (line, code, told) => {
  await house.file('empty', '\n');
  await house.file('list.yml', '- a\n');
  const places = { SHOP: 'shop.yml', EMPTY: 'empty', LIST: 'list.yml', FOLDER: 'no' };
  const argv = line
    .split(' ')
    .map((word) =>
      Object.entries(places).reduce((text, [name, file]) => text.replace(name, house.path(file)), word),
    );

  const answer = await house.run(...argv);

  expect(answer.stderr).toContain(told);
  expect(answer).toMatchObject({ code, stdout: '' });
});

test('who may only look is told so', async () => {
  const viewer = await keyOfPerson(house.api.db, 'vic', 'viewer');

  const put = await holdfast(house.url, viewer, ['config', 'put', house.path('shop.yml'), '--reason', 'x']);
  const list = await holdfast(house.url, viewer, ['config', 'env', 'list']);

  expect(put).toMatchObject({ code: 3, stdout: '' });
  expect(list).toMatchObject({ code: 0 });
});

test('an API that does not answer is told with the way out', async () => {
  const answer = await holdfast('http://127.0.0.1:1', house.api.key, ['config', 'show']);

  expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('holdfast up') });
});

test('every command of both groups says what it is for', async () => {
  for (const group of ['config', 'proxy']) {
    const help = await house.run(group, '--help');
    expect(help.code).toBe(0);
    const commands = [
      ...help.stdout.matchAll(/^ {2}([a-z-]+) .*\[options\]|^ {2}([a-z-]+) (?=\[options\])/gm),
    ];
    expect(commands.length).toBeGreaterThan(2);
    for (const [, first, second] of commands) {
      const own = await house.run(group, first ?? second ?? '', '--help');
      expect(own).toMatchObject({ code: 0, stderr: '' });
    }
  }
});
