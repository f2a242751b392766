import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askApi, type ApiAccess } from '../../../bench/ask-api.ts';
import type { Environment } from '../../../contracts/config-revision.ts';
import { holdfast } from '../../cli/support.ts';
import type { FileCase, RefusedCase } from './cases.ts';
import type { BadResult } from './judge-bad.ts';
import { serviceNames } from './services.ts';
import { shopDocument, type ShopPlace } from './shop.ts';

/** Where nothing has ever been rolled out; whatever is offered here must not become its head. */
export const paper = 'paper';

/** Nothing of it has to be there: nobody gets so far. */
const place: ShopPlace = {
  ...{ port: 8080, spare: 8081, taken: 8082 },
  services: Object.fromEntries(serviceNames.map((name) => [name, '127.0.0.1:9'])) as ShopPlace['services'],
  certificates: { good: 'good', wrongKey: 'wrong-key', broken: 'broken', absent: 'absent' },
};

export async function judgeRefused(api: ApiAccess, one: RefusedCase | FileCase): Promise<BadResult> {
  const problems = one.stop === 'file' ? await offerFile(api, place, one) : await offerDocuments(api, one);
  const { head } = await askApi<Environment>(api, { method: 'GET', route: `/environments/${paper}` });
  const isStopped = head === null;
  return {
    ...{ name: one.name, isStopped, backMs: null },
    problems: isStopped ? problems : [...problems, 'it became the head'],
  };
}

async function offerDocuments(api: ApiAccess, one: RefusedCase): Promise<string[]> {
  const documents = one.documents(shopDocument(place), place);
  const said = await inTurn(documents, (document) => refusalOf(api, document));
  return said.flatMap((text) => {
    if (text === null) return ['it was taken'];
    return /: 4\d\d /.test(text) && one.tells.test(text) ? [] : [`it was told ${text.slice(0, 400)}`];
  });
}

/** Few at a time, as one person would offer them. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

async function refusalOf(api: ApiAccess, document: unknown): Promise<string | null> {
  const route = `/environments/${paper}/config`;
  const headers = { 'if-none-match': '*' };
  const put = { method: 'PUT', route, body: { document, reason: 'a bad one' }, headers } as const;
  return askApi(api, put).then(
    () => null,
    (error: Error) => told(error.message),
  );
}

/** With the pointer before its detail, as people read it. */
function told(message: string): string {
  return message.replaceAll(/"pointer":"([^"]*)","detail":"/g, '$1 ').replaceAll('\\"', '"');
}

/** As people bring it, by the command line. */
async function offerFile(api: ApiAccess, place: ShopPlace, { as, text, tells }: FileCase): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-corpus-'));
  const at = (name: string): string => join(folder, name);
  const run = (...args: string[]) => holdfast(api.base, api.key, ['config', ...args, '--env', paper]);
  try {
    await writeFile(at(as === 'yaml' ? 'proxy.yml' : 'haproxy.cfg'), text(place));
    const read = as === 'haproxy' ? await run('import', at('haproxy.cfg'), '-o', at('proxy.yml')) : null;
    const put = await run('put', at('proxy.yml'), '--reason', 'a bad one');
    const said = (read ?? put).stderr;
    return [
      ...(put.code === 0 ? ['it was taken'] : []),
      ...(tells.test(said) ? [] : [`it was told ${said.slice(0, 400)}`]),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
