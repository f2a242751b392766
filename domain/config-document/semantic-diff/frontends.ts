import type { Bind, Frontend } from '../../../contracts/config-document/frontend.ts';
import { type Change, type ChangeKind, isSame, nestedChanges, settingChanges, spell } from './change.ts';
import { pairUp, type Placed } from './pair.ts';
import { routeChanges } from './routes.ts';

export function frontendChanges(before: readonly Frontend[], after: readonly Frontend[]): Change[] {
  const { added, removed, kept } = pairUp(before, after, ({ name }) => name);
  return [
    ...removed.map(({ item, index }) => ({
      kind: 'frontend-removed' as const,
      pointer: `/frontends/${index}`,
      detail: `frontend ${item.name} is removed, and its ${ports(item)} with it`,
    })),
    ...added.map(({ item, index }) => ({
      kind: 'frontend-added' as const,
      pointer: `/frontends/${index}`,
      detail: `frontend ${item.name} is added on ${ports(item)}`,
    })),
    ...kept.flatMap(({ before: old, after: young }) => keptChanges(old, young)),
  ];
}

function keptChanges(before: Placed<Frontend>, after: Placed<Frontend>): Change[] {
  const pointer = `/frontends/${after.index}`;
  const owner = `frontend ${after.item.name}`;
  const compared = { before: before.item, after: after.item, pointer, owner, kindOf };
  return [
    ...bindChanges(before.item.binds, after.item.binds, owner, [`/frontends/${before.index}`, pointer]),
    ...routeChanges(before, after),
    ...nestedChanges({ ...compared, member: 'limits' }),
    ...nestedChanges({ ...compared, member: 'timeouts', kindOf: () => 'timeout' }),
    ...settingChanges({ ...compared, except: ['binds', 'routes', 'limits', 'timeouts'] }),
  ];
}

function kindOf(name: string): ChangeKind {
  if (name === 'requestHeaders' || name === 'responseHeaders') return 'headers';
  return name === 'defaultBackend' ? 'route-moved' : limits.has(name) ? 'limit' : 'setting';
}

const limits = new Set(['connections', 'requestBodyBytes', 'requestRate']);

function bindChanges(
  before: readonly Bind[],
  after: readonly Bind[],
  owner: string,
  [oldPointer = '', pointer = '']: readonly string[],
): Change[] {
  const { added, removed, kept } = pairUp(before, after, placeOf);
  return [
    ...removed.map(({ item, index }) => ({
      kind: 'bind-removed' as const,
      pointer: `${oldPointer}/binds/${index}`,
      detail: `${owner} no longer listens on ${placeOf(item)}`,
    })),
    ...added.map(({ item, index }) => ({
      kind: 'bind-added' as const,
      pointer: `${pointer}/binds/${index}`,
      detail: `${owner} listens on ${placeOf(item)} as well`,
    })),
    ...kept
      .filter(({ before: old, after: young }) => !isSame(old.item, young.item))
      .map(({ before: old, after: young }) => ({
        kind: 'bind-changed' as const,
        pointer: `${pointer}/binds/${young.index}`,
        detail: `${owner}: TLS of ${placeOf(young.item)} becomes ${spell(young.item.tls)}, it was ${spell(old.item.tls)}`,
      })),
  ];
}

function placeOf({ address = '*', port }: Bind): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function ports({ binds }: Frontend): string {
  return binds.map(placeOf).join(', ') || 'no port';
}
