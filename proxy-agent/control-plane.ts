import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { DesiredState, ProxyReport, ProxyReportAnswer } from '../contracts/proxy.ts';
import { OpsError } from '../domain/errors.ts';
import type { AgentSettings } from './settings.ts';
import { isDesiredState, isReportAnswer } from './shapes.ts';

export interface ControlPlane {
  /** Waits up to `waitMs` for a revision other than `after`. Throws `unavailable`. */
  desiredState(after: number, waitMs: number, signal: AbortSignal): Promise<DesiredState>;
  /** Throws `unavailable`, and `invalid-input` when the API refuses the report itself. */
  report(report: ProxyReport, signal: AbortSignal): Promise<ProxyReportAnswer>;
}

const answerTimeoutMs = 5000;
const longestAnswer = 16 * 1024 * 1024;

/** Two kept connections to the API. Plain node:http, because the agent is to stay small. */
export function connectControlPlane(
  api: URL,
  { proxy, keyFile }: Pick<AgentSettings, 'proxy' | 'keyFile'>,
): ControlPlane {
  const isTls = api.protocol === 'https:';
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const prefix = `${api.pathname.replace(/\/$/, '')}/v1/proxies/${proxy}`;

  function call(
    method: string,
    path: string,
    body: unknown,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...authorizationOf(keyFile),
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    const options = { agent, method, path: `${prefix}${path}`, host: api.hostname, port: api.port, headers };
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
          const status = response.statusCode ?? 0;
          if (status === 200) resolve(parse(answer));
          else reject(refused(status, answer));
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
  }

  return {
    async desiredState(after, waitMs, signal) {
      const path = `/desired-state?after=${after}&waitMs=${waitMs}`;
      const answer = await call('GET', path, undefined, waitMs + answerTimeoutMs, signal);
      if (isDesiredState(answer)) return answer;
      throw new OpsError('unavailable', `the API at ${api.origin} answered no desired state`);
    },
    async report(report, signal) {
      const answer = await call('POST', '/reports', report, answerTimeoutMs, signal);
      if (isReportAnswer(answer)) return answer;
      throw new OpsError('unavailable', `the API at ${api.origin} did not answer the report as agreed`);
    },
  };
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(status: number, answer: string): OpsError {
  const code = [400, 413, 422].includes(status) ? 'invalid-input' : 'unavailable';
  return new OpsError(code, `the API answered ${status}: ${answer.slice(0, 300)}`);
}
