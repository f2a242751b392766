import type { ConfigReport } from '../contracts/config-bundle.ts';
import type { DesiredState, ProxyReport, ProxyReportAnswer } from '../contracts/proxy.ts';
import { OpsError } from '../domain/errors.ts';
import { createHttp, type HttpAnswer, type HttpCall } from './http-call.ts';
import type { AgentSettings } from './settings.ts';
import { isDesiredState, isReportAnswer } from './shapes.ts';

/** `offered` is not looked at yet. */
export type ConfigAnswer =
  | { readonly kind: 'none' | 'unchanged' }
  | { readonly kind: 'offered'; readonly offered: unknown; readonly tag: string | null };

export interface ControlPlane {
  /** Waits up to `waitMs` for a revision other than `after`. Throws `unavailable`. */
  desiredState(after: number, waitMs: number, signal: AbortSignal): Promise<DesiredState>;
  /** Throws `unavailable`, and `invalid-input` when the API refuses the report itself. */
  report(report: ProxyReport, signal: AbortSignal): Promise<ProxyReportAnswer>;
  /** Waits up to `waitMs` for a configuration with another tag. Throws `unavailable`. */
  config(tag: string | null, waitMs: number, signal: AbortSignal): Promise<ConfigAnswer>;
  /** Answers the sequence of the newest order to this agent, or null. Throws as `report` does. */
  reportConfig(report: ConfigReport, signal: AbortSignal): Promise<number | null>;
  /** The newest order to this agent, not looked at yet. Throws `unavailable`. */
  agentOrder(signal: AbortSignal): Promise<unknown>;
  /** The text of a release, not looked at yet. Throws `unavailable`. */
  agentRelease(sha256: string, signal: AbortSignal): Promise<string>;
}

const answerTimeoutMs = 5000;
/** For the megabytes of a release, over a slow line too. */
const downloadMs = 120_000;

export function connectControlPlane(
  api: URL,
  { proxy, keyFile }: Pick<AgentSettings, 'proxy' | 'keyFile'>,
): ControlPlane {
  const send = createHttp(api, keyFile);

  function call(
    { method, path, body, headers }: Pick<HttpCall, 'method' | 'path' | 'body' | 'headers'>,
    signal: AbortSignal,
    waitMs = 0,
  ): Promise<HttpAnswer> {
    const timeoutMs = waitMs + answerTimeoutMs;
    return send({ method, path: `/v1/proxies/${proxy}${path}`, body, headers, timeoutMs, signal });
  }

  return {
    async desiredState(after, waitMs, signal) {
      const path = `/desired-state?after=${after}&waitMs=${waitMs}`;
      const state = read(await call({ method: 'GET', path }, signal, waitMs));
      if (isDesiredState(state)) return state;
      throw new OpsError('unavailable', `the API at ${api.origin} answered no desired state`);
    },
    async report(report, signal) {
      const answer = read(await call({ method: 'POST', path: '/reports', body: report }, signal));
      if (isReportAnswer(answer)) return answer;
      throw new OpsError('unavailable', `the API at ${api.origin} did not answer the report as agreed`);
    },
    async config(tag, waitMs, signal) {
      const headers: Record<string, string> = tag === null ? {} : { 'if-none-match': tag };
      const answer = await call({ method: 'GET', path: `/config?waitMs=${waitMs}`, headers }, signal, waitMs);
      if (answer.status === 304) return { kind: 'unchanged' };
      if (answer.status === 404) return { kind: 'none' };
      return { kind: 'offered', offered: read(answer), tag: answer.headers.etag ?? null };
    },
    async reportConfig(report, signal) {
      const answer = await call({ method: 'POST', path: '/config-reports', body: report }, signal);
      if (answer.status < 200 || answer.status > 299) throw refused(answer);
      const sequence = Number(answer.headers['holdfast-agent-order'] ?? 0);
      return Number.isSafeInteger(sequence) && sequence > 0 ? sequence : null;
    },
    async agentOrder(signal) {
      return read(await call({ method: 'GET', path: '/agent-order' }, signal));
    },
    async agentRelease(sha256, signal) {
      const path = `/agent-releases/${sha256}`;
      const answer = await call({ method: 'GET', path }, signal, downloadMs);
      if (answer.status !== 200) throw refused(answer);
      return answer.text;
    },
  };
}

function read(answer: HttpAnswer): unknown {
  if (answer.status !== 200) throw refused(answer);
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

function refused({ status, text }: HttpAnswer): OpsError {
  const code = [400, 413, 422].includes(status) ? 'invalid-input' : 'unavailable';
  return new OpsError(code, `the API answered ${status}: ${text.slice(0, 300)}`);
}
