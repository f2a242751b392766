import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../../api/support.ts';
import { holdfast, type Run } from '../../cli/support.ts';

let api: ApiUnderTest;
let url: string;
let folder: string;
beforeAll(async () => {
  api = await apiUnderTest();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'feedback-'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<Run> => holdfast(url, api.key, ['feedback', ...argv]);

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('a file is imported once, and what is in it is found and shown', async () => {
  const path = await file('reports.csv', 'title,body\nThe cart is empty,after login\nSlow search,\n');

  const first = await run('import', path);
  const again = await run('import', path, '--json');
  const list = await run('list', '--search', 'cart', '--json');
  const [{ id }] = list.json();

  expect(first).toMatchObject({ code: 0, stdout: '2 rows read, 2 accepted, 0 refused\n' });
  expect(again.json()).toMatchObject({ state: 'done', accepted: 2 });
  expect(list.json()).toMatchObject([{ title: 'The cart is empty', occurrences: 1, source: 'upload' }]);
  expect((await run('show', id)).stdout).toContain('after login');
  expect((await run('list', '--csv')).stdout.split('\r\n')).toHaveLength(3);
});

test('refused rows are told with their lines, and the exit code says so', async () => {
  const path = await file('wrong.jsonl', '{"title":"fine"}\nnot json\n{"body":"no title"}\n');

  expect(await run('import', path)).toMatchObject({
    code: 1,
    stdout: '3 rows read, 1 accepted, 2 refused\n  line 2: it is not JSON\n  line 3: it has no title\n',
  });
  expect((await run('import', join(folder, 'not-there.csv'))).code).toBe(2);
  expect((await run('import', await file('reports.txt', 'x'))).code).toBe(2);
});

test('something is reported by hand', async () => {
  const added = await run('add', 'It hangs', '--body', 'at noon', '--label', 'a', 'b', '--service', 'shop');

  expect(added).toMatchObject({ code: 0 });
  expect(added.stdout).toContain('It hangs');
  expect((await run('retry', 'no-id')).code).toBe(2);
});

test('a source is set, changed in one part, listed and removed', async () => {
  const added = await run(
    'sources',
    'set',
    'gh',
    '--kind',
    'github',
    '--repository',
    'acme/shop',
    '--secret',
    'env:S',
  );
  const changed = await run('sources', 'set', 'gh', '--without-label', 'wontfix', '--disabled', '--json');
  const list = await run('sources', 'list');

  expect(added.stdout).toContain('/v1/projects/default/ingest/gh');
  expect(changed.json()).toMatchObject({
    ...{ kind: 'github', enabled: false, secret: 'env:S', settings: { repositories: ['acme/shop'] } },
    filter: { withoutLabels: ['wontfix'] },
  });
  expect(list.stdout).toMatch(/gh +github +no/);
  expect((await run('sources', 'remove', 'gh')).code).toBe(0);
  expect((await run('sources', 'remove', 'gh')).code).toBe(4);
  expect((await run('sources', 'set', 'new-one')).code).toBe(2);
});
