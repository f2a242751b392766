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
  /** That it came to; null: the worker does not say, or it was a socket. */
  readonly port: number | null;
  /** -1: there was no answer. */
  readonly status: number;
  /** HAProxy's termination state: who ended it, and in which phase; `--` is as it should be. */
  readonly termination: string;
  readonly method: string;
  /** As its header says; null: the worker does not say, or there was none. */
  readonly host: string | null;
  /** Without its query. */
  readonly path: string;
}

/** Written by proxy-agent/render.ts. What is long stands last and may be cut off. */
const line =
  /\[holdfast b="([^"]*)" s="([^"]*)" t="\+?(-?\d+)"(?: f="([^"]*)" st="(-?\d+)" ts="([^"]*)"(?: o="(\d+)")?(?: fp="(\d+)")?(?: m="([^"]*)"(?: h="((?:[^"\\]|\\.)*)")?(?: p="((?:[^"\\]|\\.)*))?)?)?/;

/** null for a line that is none of ours. */
export function readLoggedRequest(message: string): LoggedRequest | null {
  const [, backend, server = '', ms, frontend, status, termination = '', order, port, ...request] =
    line.exec(message) ?? [];
  if (backend === undefined) return null;
  const [method = '', host, path = ''] = request;
  const isWhole = frontend !== undefined && status !== undefined;
  const end = {
    ...{ frontend: frontend ?? '', status: Number(status), termination },
    port: Number(port) > 0 ? Number(port) : null,
    method,
    host: host === undefined || host === '-' ? null : unescaped(host),
    // Of HTTP/2 it is a whole address.
    path: unescaped(path)
      .replace(/^https?:\/\/[^/?#]*/, '')
      .replace(/[?#].*$/s, ''),
  };
  return {
    ...{ backend, server },
    ms: Number(ms) < 0 ? null : Number(ms),
    sequence: order === undefined ? null : Number(order),
    end: isWhole ? end : null,
  };
}

/** As the log format E has it (RFC 5424, section 6.3.3). */
function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}
