import type { Match, Redirect, Route } from '../../../contracts/config-document/frontend.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';
import { headerProblems } from './headers.ts';

const withoutBody = new Set([204, 205, 304]);

export function routeProblems(route: Route, pointer: string): ConfigProblem[] {
  const { name, backend, redirect, answer, match = {} } = route;
  const actions = [backend, redirect, answer].filter((action) => action !== undefined).length;
  return [
    ...problemIf(
      actions !== 1,
      pointer,
      `(route ${name}) must have exactly one of backend, redirect and answer, not ${actions}`,
    ),
    ...redirectProblems(redirect, `${pointer}/redirect`),
    ...problemIf(
      withoutBody.has(answer?.status ?? 0) && (answer?.body ?? '') !== '',
      `${pointer}/answer/body`,
      `comes with status ${answer?.status}, which has no body; leave it out`,
    ),
    ...matchProblems(match, `${pointer}/match`),
    ...headerProblems(route, pointer),
  ];
}

function redirectProblems(redirect: Redirect | undefined, pointer: string): ConfigProblem[] {
  if (redirect === undefined) return [];
  const { scheme, prefix, location } = redirect;
  const ways = [scheme, prefix, location].filter((way) => way !== undefined).length;
  return problemIf(ways !== 1, pointer, `must have exactly one of scheme, prefix and location, not ${ways}`);
}

function matchProblems({ headers = [] }: Match, pointer: string): ConfigProblem[] {
  return headers.flatMap(({ name, value, prefix }, index) =>
    value === undefined || prefix === undefined
      ? []
      : [
          problem(
            `${pointer}/headers/${index}`,
            `(${name}) has both value and prefix; leave one of them out`,
          ),
        ],
  );
}
