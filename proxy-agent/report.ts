import type { ProvenBackend } from '../contracts/proxy.ts';
import { rowsOf } from './apply.ts';
import type { BackendState } from './effective.ts';
import type { Snapshot } from './snapshot.ts';

/** The read-back of each managed backend at its token; `faultOf` says why it does not count as that token's, or null. */
export function provenBackends(
  backends: ReadonlyMap<string, BackendState>,
  snapshot: Snapshot | null,
  faultOf: (backend: string, state: BackendState) => string | null,
): ProvenBackend[] {
  return [...backends].map(([backend, state]) => ({
    backend,
    token: state.desired.token,
    servers: (snapshot ? rowsOf(snapshot, backend) : [])
      .filter((row) => !row.backup)
      .map(({ name, weight, up, maintenance, sessions }) => ({
        name,
        weight: maintenance ? 0 : weight,
        up: up && !maintenance,
        sessions,
      })),
    error: snapshot ? faultOf(backend, state) : 'HAProxy does not answer on its socket',
  }));
}
