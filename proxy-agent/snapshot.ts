import type { Ask } from './socket.ts';
import { parseStat } from './stat.ts';
import { OpsError } from '../domain/errors.ts';

/** One server line as HAProxy has it now; counters since its worker started. */
export interface ServerRow {
  readonly backend: string;
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  readonly up: boolean;
  /** In maintenance: it gets nothing whatever its weight. */
  readonly maintenance: boolean;
  readonly backup: boolean;
  readonly sessions: number;
  readonly requests: number;
  readonly errors: number;
}

export interface BackendRow {
  readonly name: string;
  readonly balance: string;
  readonly dynamic: boolean;
}

export interface Snapshot {
  readonly version: string;
  /** Of the worker: another one means a reload or a restart. */
  readonly pid: number;
  readonly servers: readonly ServerRow[];
  readonly backends: readonly BackendRow[];
}

/** Types 2 and 4 of `show stat`: backends and servers. */
const question = 'show info;show stat -1 6 -1';

/** Everything the agent wants to know, in one answer of one worker. Throws `unavailable`. */
export async function takeSnapshot(ask: Ask): Promise<Snapshot> {
  const answer = await ask(question);
  const pid = Number(/^Pid: (\d+)$/m.exec(answer)?.[1]);
  const version = /^Version: (\S+)/m.exec(answer)?.[1];
  if (!Number.isInteger(pid) || version === undefined) {
    throw new OpsError('unavailable', `HAProxy's socket gave no process id: ${answer.slice(0, 200).trim()}`);
  }
  const rows = parseStat(answer);
  return {
    version,
    pid,
    servers: rows.filter((row) => row.get('svname') !== 'BACKEND').map(toServer),
    backends: rows.filter((row) => row.get('svname') === 'BACKEND').map(toBackend),
  };
}

function toServer(row: ReadonlyMap<string, string>): ServerRow {
  const status = row.get('status') ?? '';
  const unanswered = count(row, 'eresp') + count(row, 'econ');
  const answered = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'].reduce(
    (sum, kind) => sum + count(row, `hrsp_${kind}`),
    0,
  );
  return {
    backend: row.get('pxname') ?? '',
    name: row.get('svname') ?? '',
    address: row.get('addr') ?? '',
    weight: count(row, 'uweight'),
    up: /^(UP|no check|DRAIN|NOLB)/.test(status),
    maintenance: status.startsWith('MAINT'),
    backup: row.get('bck') === '1',
    sessions: count(row, 'stot'),
    // A connection that could not be made is no answer either: econ is counted once, after the last retry.
    requests: answered + unanswered,
    errors: count(row, 'hrsp_5xx') + unanswered,
  };
}

function toBackend(row: ReadonlyMap<string, string>): BackendRow {
  const balance = row.get('algo') ?? '';
  return { name: row.get('pxname') ?? '', balance, dynamic: /^(roundrobin|leastconn|random)/.test(balance) };
}

function count(row: ReadonlyMap<string, string>, column: string): number {
  return Number(row.get(column) ?? 0) || 0;
}
