import type { Backend, Server } from '../../../contracts/config-document/backend.ts';
import { type Change, type ChangeKind, nestedChanges, settingChanges } from './change.ts';
import { outOfOrder, pairUp, type Placed } from './pair.ts';

export function backendChanges(before: readonly Backend[], after: readonly Backend[]): Change[] {
  const { added, removed, kept } = pairUp(before, after, ({ name }) => name);
  return [
    ...removed.map(({ item, index }) => ({
      kind: 'backend-removed' as const,
      pointer: `/backends/${index}`,
      detail: `backend ${item.name} is removed with ${count(item)}`,
    })),
    ...added.map(({ item, index }) => ({
      kind: 'backend-added' as const,
      pointer: `/backends/${index}`,
      detail: `backend ${item.name} is added with ${count(item)}`,
    })),
    ...kept.flatMap(({ before: old, after: young }) => keptChanges(old, young)),
  ];
}

function keptChanges(before: Placed<Backend>, after: Placed<Backend>): Change[] {
  const pointer = `/backends/${after.index}`;
  const owner = `backend ${after.item.name}`;
  const compared = { before: before.item, after: after.item, pointer, owner };
  return [
    ...serverChanges(before, after),
    ...nestedChanges({ ...compared, member: 'timeouts', kindOf: () => 'timeout' }),
    ...settingChanges({ ...compared, kindOf, except: ['servers', 'timeouts'] }),
  ];
}

function kindOf(name: string): ChangeKind {
  return name === 'requestHeaders' || name === 'responseHeaders' ? 'headers' : 'setting';
}

function serverChanges(before: Placed<Backend>, after: Placed<Backend>): Change[] {
  const { added, removed, kept } = pairUp(
    before.item.servers ?? [],
    after.item.servers ?? [],
    ({ name }) => name,
  );
  const pointer = `/backends/${after.index}/servers`;
  const owner = (server: Server): string => `server ${server.name} of ${after.item.name}`;
  return [
    ...removed.map(({ item, index }) => ({
      kind: 'server-removed' as const,
      pointer: `/backends/${before.index}/servers/${index}`,
      detail: `${owner(item)} at ${item.address} is removed`,
    })),
    ...added.map(({ item, index }) => ({
      kind: 'server-added' as const,
      pointer: `${pointer}/${index}`,
      detail: `${owner(item)} at ${item.address} is added with weight ${item.weight ?? 1}`,
    })),
    ...orderChanges(
      after,
      kept.map((pair) => pair.before.index),
    ),
    ...kept.flatMap((pair) =>
      settingChanges({
        before: pair.before.item,
        after: pair.after.item,
        pointer: `${pointer}/${pair.after.index}`,
        owner: owner(pair.after.item),
        kindOf: serverKind,
      }),
    ),
  ];
}

/** With these the place of a server in the list decides what it gets. */
const byPlace = new Set<Backend['balance']>(['first', 'source', 'static-rr']);

function orderChanges({ item, index }: Placed<Backend>, places: readonly number[]): Change[] {
  if (!byPlace.has(item.balance) || outOfOrder(places).length === 0) return [];
  const detail = `servers of ${item.name} are in another order, by which balance ${item.balance} goes`;
  return [{ kind: 'server-changed', pointer: `/backends/${index}/servers`, detail }];
}

function serverKind(name: string): ChangeKind {
  switch (name) {
    case 'weight':
      return 'server-weight';
    case 'address':
      return 'server-address';
    case 'disabled':
      return 'server-state';
    default:
      return 'server-changed';
  }
}

function count({ servers = [] }: Backend): string {
  return servers.length === 1 ? '1 server' : `${servers.length} servers`;
}
