import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { type ConfigProblem, problem } from '../problem.ts';

interface Named {
  readonly name: string;
}

/** Our own frontends, variables and conditions begin so. */
const reserved = /^holdfast([_.:-]|$)/i;

/** Names that come twice, and names that are ours. */
export function nameProblems({ frontends, backends }: ConfigDocument): ConfigProblem[] {
  return [
    ...namesOf(frontends, '/frontends', 'frontend'),
    ...namesOf(backends, '/backends', 'backend'),
    ...frontends.flatMap(({ name, routes = [] }, index) =>
      namesOf(routes, `/frontends/${index}/routes`, `route of ${name}`),
    ),
    ...backends.flatMap(({ name, servers = [] }, index) =>
      namesOf(servers, `/backends/${index}/servers`, `server of ${name}`),
    ),
  ];
}

function namesOf(items: readonly Named[], pointer: string, what: string): ConfigProblem[] {
  const first = new Map<string, number>();
  return items.flatMap(({ name }, index) => {
    const at = `${pointer}/${index}/name`;
    const before = first.get(name);
    first.set(name, before ?? index);
    if (before !== undefined)
      return [
        problem(at, `is ${name}, as is the ${what} at ${pointer}/${before}; give each a name of its own`),
      ];
    return reserved.test(name)
      ? [problem(at, `is ${name}; names that begin with holdfast are taken, choose another`)]
      : [];
  });
}
