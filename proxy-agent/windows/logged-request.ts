/** One request as HAProxy has logged it. */
export interface LoggedRequest {
  readonly backend: string;
  readonly server: string;
  /** From the request's first byte to the answer's last; null when it was cut off. */
  readonly ms: number | null;
  /** The order that the worker runs which took it; null: it does not say. */
  readonly sequence: number | null;
  /** null: the worker still runs a configuration of a former agent, which did not have it logged. */
  readonly end: RequestEnd | null;
}

export interface RequestEnd {
  readonly frontend: string;
  /** -1: there was no answer. */
  readonly status: number;
  /** HAProxy's termination state: who ended it, and in which phase; `--` is as it should be. */
  readonly termination: string;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
}

/** Written by proxy-agent/render.ts. What is long stands last and may be cut off. */
const line =
  /\[holdfast b="([^"]*)" s="([^"]*)" t="\+?(-?\d+)"(?: f="([^"]*)" st="(-?\d+)" ts="([^"]*)"(?: o="(\d+)")?(?: m="([^"]*)"(?: p="((?:[^"\\]|\\.)*))?)?)?/;

/** null for a line that is none of ours. */
export function readLoggedRequest(message: string): LoggedRequest | null {
  const [, backend, server = '', ms, frontend, status, termination = '', order, method = '', path = ''] =
    line.exec(message) ?? [];
  if (backend === undefined) return null;
  const isWhole = frontend !== undefined && status !== undefined;
  return {
    ...{ backend, server },
    ms: Number(ms) < 0 ? null : Number(ms),
    sequence: order === undefined ? null : Number(order),
    end: isWhole ? { frontend, status: Number(status), termination, method, path: unescaped(path) } : null,
  };
}

/** As the log format E has it (RFC 5424, section 6.3.3); a query that got in nevertheless stays behind. */
function unescaped(path: string): string {
  return path.replace(/\\(.)/g, '$1').replace(/[?#].*$/s, '');
}
