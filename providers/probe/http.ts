import { request, type IncomingMessage } from 'node:http';
import type { Health, Probe } from './probe.ts';

/** Asks over HTTP; any 2xx is healthy. Each check is a connection of its own: one that is kept would tell of an instance that has ended. */
export function createHttpProbe(): Probe {
  return {
    async check(address, path, timeoutMs, signal, asked): Promise<Health> {
      const limit = AbortSignal.timeout(timeoutMs);
      try {
        const { statusCode = 0 } = await head(
          `http://${address}${path}`,
          AbortSignal.any([signal, limit]),
          asked?.host ?? null,
        );
        const isWell = asked ? statusCode === asked.status : statusCode >= 200 && statusCode < 300;
        if (isWell) return { healthy: true };
        const wanted = asked ? `, and ${asked.status} is well` : '';
        return { healthy: false, reason: `HTTP ${statusCode}${wanted}` };
      } catch (error) {
        if (signal.aborted) return { healthy: false, reason: 'the check was called off' };
        if (limit.aborted) return { healthy: false, reason: `no answer within ${timeoutMs} ms` };
        return { healthy: false, reason: reasonOf(error) };
      }
    },
  };
}

/** Status and headers decide, so the body is not waited for: it may never end. */
function head(url: string, signal: AbortSignal, host: string | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      signal,
      agent: false,
      headers: { connection: 'close', ...(host && { host }) },
    });
    // What goes wrong after the answer, as a reset by our hanging up, is of no interest; but it must be heard.
    outgoing.on('error', reject);
    outgoing.once('response', (response) => {
      response.on('error', () => undefined);
      resolve(response);
      response.destroy();
    });
    outgoing.end();
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? String(error);
}
