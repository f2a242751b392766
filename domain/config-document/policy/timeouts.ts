import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { formatDuration, parseDuration } from '../../duration.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';
import { defaultHardStop } from '../render/defaults.ts';

const required = ['connect', 'client', 'server', 'httpRequest'] as const;
const examples = { connect: '5s', client: '30s', server: '30s', httpRequest: '10s' } as const;
const day = 24 * 3_600_000;

/** Waits without an end, and a worker that is ended while its requests may still go on. */
export function timeoutProblems(document: ConfigDocument): ConfigProblem[] {
  const { timeouts = {} } = document.defaults ?? {};
  const missing = required.filter((name) => timeouts[name] === undefined);
  return [
    ...missing.map((name) =>
      problem(
        `/defaults/timeouts/${name}`,
        `is missing, so a ${name === 'connect' || name === 'server' ? 'server' : 'client'} may hold a request for ever; write a time such as ${examples[name]}`,
      ),
    ),
    ...spansOf(document).flatMap(([pointer, duration]) => spanProblems(pointer, duration)),
    ...hardStopProblems(document),
  ];
}

/** HAProxy counts in 31 bits of milliseconds. */
function spanProblems(pointer: string, duration: string): ConfigProblem[] {
  const ms = parseDuration(duration);
  return problemIf(ms < 1 || ms > day, pointer, `is ${duration}; write a time from 1ms to 24h`);
}

function spansOf({ defaults = {}, frontends, backends }: ConfigDocument): [string, string][] {
  const within = (pointer: string, spans: Readonly<Record<string, string | undefined>>): [string, string][] =>
    Object.entries(spans).flatMap(([name, span]) =>
      span === undefined ? [] : [[`${pointer}/${name}`, span] as [string, string]],
    );
  return [
    ...within('/defaults', { hardStopAfter: defaults.hardStopAfter }),
    ...within('/defaults/timeouts', defaults.timeouts ?? {}),
    ...frontends.flatMap(({ timeouts = {}, limits }, index) => [
      ...within(`/frontends/${index}/timeouts`, timeouts),
      ...within(`/frontends/${index}/limits/requestRate`, { per: limits?.requestRate?.per }),
    ]),
    ...backends.flatMap(({ timeouts = {}, healthCheck }, index) => [
      ...within(`/backends/${index}/timeouts`, timeouts),
      ...within(`/backends/${index}/healthCheck`, {
        interval: healthCheck?.interval,
        timeout: healthCheck?.timeout,
      }),
    ]),
  ];
}

function hardStopProblems({ defaults = {}, backends }: ConfigDocument): ConfigProblem[] {
  const hardStopMs = parseDuration(defaults.hardStopAfter ?? defaultHardStop);
  const waits = [defaults.timeouts?.server, ...backends.map(({ timeouts }) => timeouts?.server)];
  const longestMs = Math.max(0, ...waits.map((wait) => parseDuration(wait ?? '0')));
  return problemIf(
    hardStopMs <= longestMs,
    '/defaults/hardStopAfter',
    `is ${formatDuration(hardStopMs)}, but a server may take ${formatDuration(longestMs)} to answer, so a reload would cut requests off; write more than that`,
  );
}
