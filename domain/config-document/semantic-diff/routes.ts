import type { Frontend, Route } from '../../../contracts/config-document/frontend.ts';
import { type Change, type ChangeKind, isSame, settingChanges, spell } from './change.ts';
import { outOfOrder, pairUp, type Placed } from './pair.ts';

/** Routes that come, go, lead elsewhere, take other requests, or are asked in another order. */
export function routeChanges(before: Placed<Frontend>, after: Placed<Frontend>): Change[] {
  const { name, routes = [] } = after.item;
  const { added, removed, kept } = pairUp(before.item.routes ?? [], routes, (route) => route.name);
  const pointer = `/frontends/${after.index}/routes`;
  const owner = (route: Route): string => `route ${route.name} of ${name}`;
  const moved = new Set(outOfOrder(kept.map((pair) => pair.before.index)));
  return [
    ...removed.map(({ item, index }) => ({
      kind: 'route-removed' as const,
      pointer: `/frontends/${before.index}/routes/${index}`,
      detail: `${owner(item)}, which led to ${targetOf(item)}, is removed`,
    })),
    ...added.map(({ item, index }) => ({
      kind: 'route-added' as const,
      pointer: `${pointer}/${index}`,
      detail: `${owner(item)} is added at place ${index + 1} and leads to ${targetOf(item)}`,
    })),
    ...kept
      .filter((pair) => moved.has(pair.before.index))
      .map(({ after: { item, index } }) => ({
        kind: 'route-order' as const,
        pointer: `${pointer}/${index}`,
        detail: `${owner(item)} is asked at another place, now ${index + 1}`,
      })),
    ...kept.flatMap((pair) =>
      keptChanges(
        pair.before.item,
        pair.after.item,
        `${pointer}/${pair.after.index}`,
        owner(pair.after.item),
      ),
    ),
  ];
}

const targets = ['backend', 'redirect', 'answer'] as const;

function keptChanges(before: Route, after: Route, pointer: string, owner: string): Change[] {
  const [old, young] = [before, after].map((route) => targets.map((target) => route[target]));
  const moved: Change = {
    kind: 'route-moved',
    pointer,
    detail: `${owner} leads to ${targetOf(after)}, it led to ${targetOf(before)}`,
  };
  return [
    ...(isSame(old, young) ? [] : [moved]),
    ...settingChanges({ before, after, pointer, owner, kindOf, except: targets }),
  ];
}

function kindOf(name: string): ChangeKind {
  if (name === 'requestHeaders' || name === 'responseHeaders') return 'headers';
  return name === 'match' ? 'route-match' : 'route-changed';
}

function targetOf({ backend, redirect, answer }: Route): string {
  if (backend !== undefined) return `backend ${backend}`;
  if (redirect !== undefined) return `the redirect ${spell(redirect)}`;
  return answer === undefined ? 'nothing' : `the answer ${spell(answer)}`;
}
