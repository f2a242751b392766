import type { ProxyWindow } from '../../contracts/config-bundle.ts';
import { latencyBucket } from '../../domain/latency.ts';
import { redact } from '../../domain/redaction/redact.ts';
import type { LoggedRequest, RequestEnd } from './logged-request.ts';
import { redactPath } from './redact-path.ts';
import { sampleRequests } from './request-sample.ts';

/** Counts what the requests of some seconds came to. */
export interface RequestWindow {
  add(request: LoggedRequest): void;
  /** What was counted up to now; `now` is in Unix milliseconds. */
  close(now: number): ProxyWindow;
}

const toldSignatures = 10;
/** A flood of kinds of errors must not fill the memory; what is over counts as an error all the same. */
const mostSignatures = 500;
const longestSignature = 200;
const longestExample = 300;
const longestSeconds = 3600;

interface Errors {
  count: number;
  readonly first: { readonly request: LoggedRequest; readonly end: RequestEnd };
}

/** Of one order: a window never holds requests from before and after a change. At most `sampled` of its requests are told. */
export function openWindow(startsAt: number, sequence: number | null, sampled = 0): RequestWindow {
  const sample = sampleRequests(sampled);
  const latency: Record<string, number> = {};
  const signatures = new Map<string, Errors>();
  let requests = 0;
  let errors = 0;
  let refused = 0;

  function addError(request: LoggedRequest, end: RequestEnd): void {
    errors += 1;
    const signature = `${end.status} ${request.backend} ${end.termination}`.slice(0, longestSignature);
    const known = signatures.get(signature);
    if (known) known.count += 1;
    else if (signatures.size < mostSignatures)
      signatures.set(signature, { count: 1, first: { request, end } });
  }

  return {
    add(request) {
      // A former agent's line does not say how it ended: it is no request that went well.
      if (!request.end) return;
      requests += 1;
      sample.add(request);
      if (request.ms !== null) {
        const bucket = latencyBucket(request.ms);
        latency[bucket] = (latency[bucket] ?? 0) + 1;
      }
      if (isError(request.end)) addError(request, request.end);
      else if (isRefusal(request.end)) refused += 1;
    },
    close(now) {
      const seconds = Math.min(longestSeconds, Math.max(1, Math.round((now - startsAt) / 1000)));
      const most = [...signatures].sort(([, a], [, b]) => b.count - a.count).slice(0, toldSignatures);
      return {
        ...{
          startsAt: new Date(startsAt).toISOString(),
          seconds,
          sequence,
          requests,
          errors,
          refused,
          latency,
        },
        signatures: most.map(([signature, { count, first }]) => ({
          signature,
          count,
          example: exampleOf(first.request, first.end),
        })),
        ...(sampled === 0 ? {} : { sample: sample.take() }),
      };
    },
  };
}

/** No answer, one of 500 and more, or one that the server or the proxy broke off in its midst. */
function isError({ status, termination }: RequestEnd): boolean {
  return status >= 500 || status < 0 || /^[SsPRIK]D/.test(termination);
}

/** Nobody’s failure by itself; that there are more of them after a change may well be. */
function isRefusal({ status }: RequestEnd): boolean {
  return status >= 400 && status < 500;
}

/** Redacted before it leaves the host. */
function exampleOf({ server }: LoggedRequest, { method, path, frontend }: RequestEnd): string {
  const { text } = redactPath(path);
  return redact(`${method} ${text} on ${frontend}, server ${server}`).text.slice(0, longestExample);
}
