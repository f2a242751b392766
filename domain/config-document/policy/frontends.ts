import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { Frontend } from '../../../contracts/config-document/frontend.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';
import { defaultConnections } from '../render/defaults.ts';
import { headerProblems } from './headers.ts';
import { reachProblems } from './reach.ts';
import { routeProblems } from './routes.ts';

export function frontendProblems({ defaults = {}, frontends, backends }: ConfigDocument): ConfigProblem[] {
  const known = new Set(backends.map(({ name }) => name));
  const most = defaults.connections ?? defaultConnections;
  return frontends.flatMap((frontend, index) => {
    const pointer = `/frontends/${index}`;
    const { routes = [] } = frontend;
    return [
      ...targetProblems(frontend, known, pointer),
      ...limitProblems(frontend, most, pointer),
      ...headerProblems(frontend, pointer),
      ...routes.flatMap((route, at) => routeProblems(route, `${pointer}/routes/${at}`)),
      ...reachProblems(routes, `${pointer}/routes`),
    ];
  });
}

function targetProblems(
  { name, routes = [], defaultBackend }: Frontend,
  known: ReadonlySet<string>,
  pointer: string,
): ConfigProblem[] {
  const targets: [string, string | undefined][] = [
    ...routes.map(({ backend }, index): [string, string | undefined] => [
      `${pointer}/routes/${index}/backend`,
      backend,
    ]),
    [`${pointer}/defaultBackend`, defaultBackend],
  ];
  return [
    ...targets.flatMap(([at, backend]) =>
      backend === undefined || known.has(backend)
        ? []
        : [problem(at, `is ${backend}, which is no backend of this document; ${remedy(known)}`)],
    ),
    ...problemIf(
      routes.length === 0 && defaultBackend === undefined,
      `${pointer}/routes`,
      `of ${name} is empty and there is no defaultBackend, so every request gets a 503; write one of them`,
    ),
  ];
}

function remedy(known: ReadonlySet<string>): string {
  if (known.size === 0) return 'add it under backends';
  return `add it, or write one of ${[...known].slice(0, 5).join(', ')}`;
}

function limitProblems({ limits = {} }: Frontend, most: number, pointer: string): ConfigProblem[] {
  const { connections = 0 } = limits;
  return problemIf(
    connections > most,
    `${pointer}/limits/connections`,
    `is ${connections}, more than the ${most} of the whole process; lower it, or raise /defaults/connections`,
  );
}
