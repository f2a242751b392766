import type { ServerSample } from '../contracts/proxy.ts';
import type { ServerRow, Snapshot } from './snapshot.ts';

export type CountedSample = Omit<ServerSample, 'latency'>;

export interface Counters {
  /** What was counted since the look before, for `second`; servers that `versionOf` does not know are left out. */
  take(second: number, snapshot: Snapshot, versionOf: (row: ServerRow) => string | null): CountedSample[];
}

/** A longer gap is not one second: what was counted in it would look like a burst. */
const longestGapSeconds = 3;

/** Differences of HAProxy's counters. A reload, a restart or a long gap starts from what is counted then: never negative, no burst. */
export function createCounters(): Counters {
  let before: { second: number; pid: number; rows: ReadonlyMap<string, ServerRow> } | null = null;

  return {
    take(second, snapshot, versionOf) {
      const last = before;
      const rows = new Map(snapshot.servers.map((row) => [keyOf(row), row]));
      before = { second, pid: snapshot.pid, rows };
      if (!last || last.pid !== snapshot.pid || second - last.second > longestGapSeconds) return [];
      return snapshot.servers.flatMap((row) => {
        const version = versionOf(row);
        const delta = version === null ? null : difference(row, last.rows.get(keyOf(row)));
        if (version === null || delta === null) return [];
        return [{ backend: row.backend, server: row.name, version, second, ...delta, up: row.up }];
      });
    },
  };
}

/** A server that was not there before has counted from 0. */
function difference(
  now: ServerRow,
  before: ServerRow | undefined,
): Pick<CountedSample, 'sessions' | 'requests' | 'errors'> | null {
  const sessions = now.sessions - (before?.sessions ?? 0);
  const requests = now.requests - (before?.requests ?? 0);
  const errors = now.errors - (before?.errors ?? 0);
  return sessions < 0 || requests < 0 || errors < 0 ? null : { sessions, requests, errors };
}

export function keyOf(row: Pick<ServerRow, 'backend' | 'name'>): string {
  return `${row.backend}/${row.name}`;
}
