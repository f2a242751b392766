import type { HeaderChange } from '../../../contracts/config-document/text.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';

interface Changes {
  readonly requestHeaders?: readonly HeaderChange[];
  readonly responseHeaders?: readonly HeaderChange[];
}

/** They say where a message ends: a change of them lets one request hide in another. */
const framing = new Set(['connection', 'content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade']);

export function headerProblems(
  { requestHeaders = [], responseHeaders = [] }: Changes,
  pointer: string,
): ConfigProblem[] {
  return [
    ...requestHeaders.flatMap((change, index) =>
      changeProblems(change, `${pointer}/requestHeaders/${index}`),
    ),
    ...responseHeaders.flatMap((change, index) => [
      ...changeProblems(change, `${pointer}/responseHeaders/${index}`),
      ...problemIf(
        change.from === 'host',
        `${pointer}/responseHeaders/${index}/from`,
        'is host, which is gone when the answer comes; write client-address, request-id or scheme',
      ),
    ]),
  ];
}

function changeProblems({ action, name, value, from }: HeaderChange, pointer: string): ConfigProblem[] {
  const sources = [value, from].filter((source) => source !== undefined).length;
  const lower = name.toLowerCase();
  if (framing.has(lower))
    return [problem(`${pointer}/name`, `is ${name}, which says where a message ends; leave it to HAProxy`)];
  if (lower.startsWith('x-holdfast'))
    return [
      problem(`${pointer}/name`, `is ${name}; names that begin with x-holdfast are taken, choose another`),
    ];
  if (action === 'remove')
    return problemIf(
      sources > 0,
      pointer,
      'removes a header, so it takes neither value nor from; leave them out',
    );
  return problemIf(sources !== 1, pointer, `must have exactly one of value and from, not ${sources}`);
}
