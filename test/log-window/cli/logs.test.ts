import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { holdfast } from '../../cli/support.ts';

let api: ApiUnderTest;
let url: string;
let folder: string;
beforeAll(async () => {
  api = await apiUnderTest();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-logs-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const time = new Date(Date.now() - 60_000).toISOString();
const lineOf = (over: object = {}) =>
  JSON.stringify({ time, service: 'shop', message: 'order 17 lost', ...over });
const run = (...argv: string[]) => holdfast(url, api.key, ['logs', ...argv]);

async function fileOf(lines: readonly string[]): Promise<string> {
  const file = path.join(folder, `${lines.length}.jsonl`);
  await writeFile(file, lines.join('\n'));
  return file;
}

test('a file is counted once, however often it is sent, and its kinds are told', async () => {
  const file = await fileOf(
    Array.from({ length: 2500 }, (_, at) => lineOf({ latencyMs: 40, status: at < 100 ? 500 : 200 })),
  );

  const first = await run('send', file);
  await run('send', file);
  const top = await run('--json', 'top', '--service', 'shop');
  const table = await run('top', '--service', 'shop');

  expect(first).toMatchObject({ code: 0, stdout: '2500 lines counted, 0 refused\n' });
  expect(top.json().items).toMatchObject([
    { count: 2500, errors: 100, template: { text: 'order <*> lost' } },
  ]);
  expect(table.stdout).toMatch(/2500 +100 +39\.75 ms +0 .*order <\*> lost/);
});

test('lines that are refused are told by their number in the file, and the others are counted', async () => {
  const bad = Array.from({ length: 1000 }, () => 'no json');
  const file = await fileOf([
    lineOf({ service: 'mixed' }),
    '',
    lineOf({ service: 'mixed', status: 7 }),
    ...bad,
    ...bad,
  ]);

  const sent = await run('--json', 'send', file);

  expect(sent.code).toBe(1);
  expect(sent.json()).toMatchObject({ accepted: 1, refused: 2001 });
  expect(sent.json().errors[0]).toMatchObject({
    line: 3,
    detail: expect.stringContaining('status') as string,
  });
  expect(sent.json().errors[1]).toMatchObject({ line: 4 });
});

test('a file that is not there, and a range without a line', async () => {
  expect(await run('send', path.join(folder, 'none'))).toMatchObject({ code: 2 });
  expect((await run('top', '--service', 'nobody')).stdout).toMatch(/^no lines from /);
  expect(await run('top', '--size', '2m')).toMatchObject({ code: 2 });
});
