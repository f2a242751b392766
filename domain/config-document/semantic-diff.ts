import type { ConfigDocument } from '../../contracts/config-document.ts';
import { backendChanges } from './semantic-diff/backends.ts';
import { type Change, nestedChanges, settingChanges } from './semantic-diff/change.ts';
import { frontendChanges } from './semantic-diff/frontends.ts';

/**
 * What a new document does differently, in the words of the document. None: they hold the same, but perhaps in another order where
 * order means nothing.
 */
export function semanticDiff(before: ConfigDocument, after: ConfigDocument): Change[] {
  const compared = {
    before: before.defaults ?? {},
    after: after.defaults ?? {},
    pointer: '/defaults',
    owner: 'defaults',
  };
  return [
    ...nestedChanges({ ...compared, member: 'timeouts', kindOf: () => 'timeout' }),
    ...settingChanges({
      ...compared,
      kindOf: (name) => (name === 'connections' ? 'limit' : 'timeout'),
      except: ['timeouts'],
    }),
    ...frontendChanges(before.frontends, after.frontends),
    ...backendChanges(before.backends, after.backends),
  ];
}
