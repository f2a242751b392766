import { request, type Agent, type ClientRequest } from 'node:http';

export interface Outcome {
  /** HTTP status; 0 when there was no whole answer. */
  readonly status: number;
  readonly version: string | null;
  readonly error: string | null;
}

interface Get {
  readonly url: URL;
  readonly agent: Agent;
  readonly timeoutMs: number;
  readonly onResend: () => void;
}

/** Sends one GET and tells once how it went; never throws. */
export function sendGet(get: Get, tell: (outcome: Outcome) => void): void {
  let isTold = false;
  const once = (outcome: Outcome): void => {
    if (isTold) return;
    isTold = true;
    tell(outcome);
  };
  const outgoing = request(get.url, { agent: get.agent, timeout: get.timeoutMs }, (response) => {
    const version = response.headers['x-version'];
    response.resume();
    response.once('end', () =>
      once({
        status: response.statusCode ?? 0,
        version: typeof version === 'string' ? version : null,
        error: null,
      }),
    );
    response.once('error', (error) => once(failed(error)));
  });
  outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
  outgoing.once('error', (error) => {
    if (isTold || !wasClosedWhileIdle(outgoing, error)) return once(failed(error));
    isTold = true;
    get.onResend();
    sendGet(get, tell);
  });
  outgoing.end();
}

/**
 * A server may close a kept connection in the moment in which it is used again. Nothing was lost then, and every client sends a GET
 * again (RFC 9112, section 9.3.1). Each resend drops a dead connection, so it comes to an end.
 */
function wasClosedWhileIdle(outgoing: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function failed(error: Error): Outcome {
  return { status: 0, version: null, error: error.message };
}
