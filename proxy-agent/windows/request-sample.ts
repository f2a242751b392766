import type { SeenRequest } from '../../contracts/config-bundle.ts';
import type { LoggedRequest } from './logged-request.ts';
import { redactPath } from './redact-path.ts';

/** One request of each way through HAProxy, by chance: what is asked most must not hide what is asked seldom. */
export interface RequestSample {
  add(request: LoggedRequest): void;
  /** At most `most` of them, redacted before they leave the host. */
  take(): SeenRequest[];
}

/** A flood of frontends and backends must not fill the memory. */
const mostWays = 200;
const longestPath = 500;
/** As the contract of a report has them. */
const host = /^[\w.:[\]-]{1,253}$/;
const path = /^\/[!-~]*$/;
const method = /^(?!CONNECT$)[A-Z]{1,20}$/;

interface Way {
  seen: number;
  request: SeenRequest;
}

/** `random` is from 0 to below 1, as Math.random. */
export function sampleRequests(most: number, random: () => number = Math.random): RequestSample {
  const ways = new Map<string, Way>();

  return {
    add({ backend, end }) {
      const request = most > 0 && end !== null ? seenRequest(end) : null;
      if (request === null || end === null) return;
      const name = `${end.frontend} ${backend}`;
      const way = ways.get(name);
      if (way === undefined) {
        if (ways.size < mostWays) ways.set(name, { seen: 1, request });
        return;
      }
      // Each of a way is as likely as any other (reservoir sampling, algorithm R with one place).
      way.seen += 1;
      if (random() * way.seen < 1) way.request = request;
    },
    take() {
      const all = [...ways.values()].map((way) => ({ way, at: random() }));
      const some = all.sort((one, other) => one.at - other.at).slice(0, most);
      return some.flatMap(({ way: { request } }) => {
        const told = redactPath(request.path);
        // What was taken out may be shorter than the name that stands for it.
        return told.isEncoded || told.text.length > longestPath ? [] : [{ ...request, path: told.text }];
      });
    },
  };
}

/** null for one that nobody could send again, such as a path that was no path. */
function seenRequest(end: NonNullable<LoggedRequest['end']>): SeenRequest | null {
  if (end.port === null || end.host === null || end.path.length > longestPath) return null;
  if (!method.test(end.method) || !host.test(end.host) || !path.test(end.path)) return null;
  return { port: end.port, method: end.method, host: end.host, path: end.path };
}
