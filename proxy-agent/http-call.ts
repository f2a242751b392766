import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { OpsError } from '../domain/errors.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Any answer resolves; throws `unavailable` when there is none. */
export type SendHttp = (call: HttpCall) => Promise<HttpAnswer>;

const longestAnswer = 16 * 1024 * 1024;

/** Kept connections to one API. Plain node:http, because the agent is to stay small. */
export function createHttp(api: URL, keyFile: string): SendHttp {
  const isTls = api.protocol === 'https:';
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const prefix = api.pathname.replace(/\/$/, '');

  return ({ method, path, body, headers = {}, timeoutMs, signal }) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      agent,
      method,
      path: `${prefix}${path}`,
      host: api.hostname,
      port: api.port,
      headers: { ...authorizationOf(keyFile), ...headersOf(text), ...headers },
    };
    return new Promise((resolve, reject) => {
      const request = (isTls ? httpsRequest : httpRequest)(options, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size > longestAnswer) request.destroy(new Error('the answer is too long'));
          else parts.push(part);
        });
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer });
        });
      });
      const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      const abort = (): unknown => request.destroy(new Error('the agent ends'));
      signal.addEventListener('abort', abort);
      request.once('close', () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      });
      request.on('error', (cause) => {
        reject(new OpsError('unavailable', `the API at ${api.origin}: ${cause.message}`, {}, cause));
      });
      request.end(text);
    });
  };
}

function headersOf(text: string | undefined): Record<string, string | number> {
  if (text === undefined) return {};
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
}

/** Read for each request, so that a rotated key is used without a restart. */
function authorizationOf(keyFile: string): Record<string, string> {
  try {
    return { authorization: `Bearer ${readFileSync(keyFile, 'utf8').trim()}` };
  } catch {
    // The API's answer says what to do.
    return {};
  }
}
