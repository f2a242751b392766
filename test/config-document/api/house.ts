import { tmpdir } from 'node:os';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { createHaproxyCheck } from '../../../providers/config-check/haproxy.ts';
import { createShadowRun } from '../../../providers/config-check/shadow-run.ts';
import { apiUnderTest, type Answer, type ApiUnderTest } from '../../api/support.ts';
import { shop } from '../documents.ts';

export interface ConfigHouse extends ApiUnderTest {
  /** Puts a head; without `over` it says that there is none yet. */
  put(environment: string, document: object, over?: string): Promise<Answer>;
}

/** The API with the HAProxy of this machine, or with another program in its place. */
export async function configHouse(program = 'haproxy'): Promise<ConfigHouse> {
  const haproxy = { haproxy: program, scratch: tmpdir() };
  const edges = { configCheck: createHaproxyCheck(haproxy), shadowRun: createShadowRun(haproxy) };
  const api = await apiUnderTest({ temporal: 'dead', edges });
  return {
    ...api,
    put: (environment, document, over) =>
      api.call(
        'PUT',
        `environments/${environment}/config`,
        { document, reason: 'because' },
        over === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${over}"` },
      ),
  };
}

/** The document of the shop with something different about it. */
export function edited(edit: (draft: ConfigDocument) => void): ConfigDocument {
  const draft = structuredClone(shop);
  edit(draft);
  return draft;
}

/** One more backend, so that each name is a document of its own. */
export function withBackend(name: string): ConfigDocument {
  return edited((draft) => draft.backends.push({ name, servers: [{ name: 's1', address: '10.9.9.9:80' }] }));
}
