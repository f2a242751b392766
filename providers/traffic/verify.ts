import { setTimeout as sleep } from 'node:timers/promises';
import type { ProvenBackend } from '../../contracts/proxy.ts';
import { OpsError } from '../../domain/errors.ts';
import type { DesiredStateStore } from './desired-state-store.ts';
import { isShareConsistent } from './share.ts';
import type { Proof, Split, TrafficTarget } from './traffic.ts';

/** So many sessions decide at once; after a change HAProxy needs some hundred to converge, so fewer would often be early. */
const enoughSessions = 100;
/** With fewer sessions than that, what came in this time decides; with none, the read-back alone does. */
const settleMs = 3000;
const lookMs = 200;
const silenceLimitMs = 10_000;

export interface VerifyOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (note: string) => void;
}

/** Waits for read-back and share of exactly this token; see `Traffic.verify`. A proof with 0 sessions rests on read-back alone. */
export async function verifySplit(
  store: DesiredStateStore,
  target: TrafficTarget,
  token: number,
  options: VerifyOptions,
): Promise<Proof> {
  const deadline = performance.now() + options.timeoutMs;
  let window: Window | null = null;
  let note = '';
  for (;;) {
    options.signal.throwIfAborted();
    const split = await splitAt(store, target, token);
    const look = await lookAtReport(store, target, token, split);
    let judged: Judged;
    if (typeof look === 'string') {
      window = null;
      judged = { note: look };
    } else {
      window = advance(window, look);
      judged = judge(window, split);
    }
    if ('proof' in judged) return { token, ...judged.proof };
    if (judged.note !== note) options.onProgress((note = judged.note));
    if (window && 'restart' in judged) window = open(window.last);
    if (performance.now() >= deadline) throw notVerified(target, token, note);
    await sleep(lookMs, undefined, { signal: options.signal });
  }
}

/** The sessions since the read-back was proven; it starts anew when they do not fit, because converging takes some hundred. */
interface Window {
  readonly openedAt: number;
  readonly first: Counts;
  readonly last: Counts;
}

/** Sessions since HAProxy started, by server. */
type Counts = ReadonlyMap<string, number>;

function open(counts: Counts): Window {
  return { openedAt: performance.now(), first: counts, last: counts };
}

/** Counters that fell come from a reload: nothing before it can be compared with what follows. */
function advance(window: Window | null, counts: Counts): Window {
  const fell = [...counts].some(([server, sessions]) => sessions < (window?.last.get(server) ?? 0));
  return window && !fell ? { ...window, last: counts } : open(counts);
}

async function splitAt(store: DesiredStateStore, target: TrafficTarget, token: number): Promise<Split> {
  const row = await store.read(target);
  if (row?.token === token) return row.split;
  const why = row?.tripped ? ` (${row.tripped.cause}: ${row.tripped.reason})` : '';
  throw new OpsError(
    'fenced',
    `backend ${target.backend} of proxy ${target.proxy} is at token ${row?.token ?? 0}, not at ${token}${why}`,
  );
}

/** The counts of a proven read-back, or what is still missing. */
async function lookAtReport(
  store: DesiredStateStore,
  target: TrafficTarget,
  token: number,
  split: Split,
): Promise<Counts | string> {
  const heard = await store.report(target.proxy);
  if (!heard || heard.silentMs > silenceLimitMs) return `the agent of proxy ${target.proxy} is silent`;
  const { report } = heard;
  if (!report.reachable) return 'HAProxy does not answer on its socket';
  if (report.configError !== null && split.canary !== null) {
    return `the configuration file is not in step: ${report.configError}`;
  }
  const proven = report.proven.find((candidate) => candidate.backend === target.backend);
  if (!proven || proven.token < token) return `the agent has not applied token ${token} yet`;
  return (
    readBackFault(proven, split) ?? new Map(proven.servers.map((server) => [server.name, server.sessions]))
  );
}

function readBackFault(proven: ProvenBackend, split: Split): string | null {
  if (proven.error !== null) return proven.error;
  for (const server of split.servers) {
    const found = proven.servers.find((candidate) => candidate.name === server.name);
    if (!found) return `server ${server.name} is not there yet`;
    if (found.weight !== server.weight) {
      return `server ${server.name} reads back weight ${found.weight}, not ${server.weight}`;
    }
    if (server.weight > 0 && !found.up) return `server ${server.name} is down`;
  }
  const extra = proven.servers.find(
    (server) => server.weight > 0 && !split.servers.some((wanted) => wanted.name === server.name),
  );
  return extra ? `server ${extra.name} still has weight ${extra.weight}` : null;
}

type Judged = { readonly proof: Omit<Proof, 'token'> } | { readonly note: string; readonly restart?: true };

function judge(window: Window, split: Split): Judged {
  const counts = countByVersion(window, split);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const settled = performance.now() - window.openedAt >= settleMs;
  if (total < enoughSessions && !settled)
    return { note: 'read back; waiting for sessions to tell the share' };
  const wrong = [...counts].find(
    ([version, count]) => !isShareConsistent(count, total, shareOf(split, version)),
  );
  if (!wrong) {
    const share = [...counts].map(([version, count]) => [version, (100 * count) / total] as const);
    return { proof: { sessions: total, share: total === 0 ? {} : Object.fromEntries(share) } };
  }
  const [version, count] = wrong;
  const wanted = (100 * shareOf(split, version)).toFixed(1);
  return { note: `${version} got ${count} of ${total} sessions, wanted ${wanted} %`, restart: true };
}

function countByVersion(window: Window, split: Split): Map<string, number> {
  const counts = new Map<string, number>();
  for (const server of split.servers) {
    const sessions = (window.last.get(server.name) ?? 0) - (window.first.get(server.name) ?? 0);
    counts.set(server.version, (counts.get(server.version) ?? 0) + sessions);
  }
  return counts;
}

function shareOf(split: Split, version: string): number {
  const total = split.servers.reduce((sum, server) => sum + server.weight, 0);
  const own = split.servers.filter((server) => server.version === version);
  return total === 0 ? 0 : own.reduce((sum, server) => sum + server.weight, 0) / total;
}

function notVerified(target: TrafficTarget, token: number, note: string): OpsError {
  return new OpsError(
    'not-verified',
    `backend ${target.backend} of proxy ${target.proxy} did not follow token ${token} in time: ${note}`,
  );
}
