import type { ConfigDrift, ConfigReport } from '../../contracts/config-bundle.ts';
import { takeSnapshot } from '../snapshot.ts';
import { agentVersion } from '../version.ts';
import { refOf, type ConfigStatus } from './config-control.ts';
import { askProcesses } from './processes.ts';
import { askProof } from './proof.ts';
import type { ReloadTarget } from './reload.ts';

/** What the control plane is told: what was tried, and beside it what HAProxy itself answers that it runs. */
export async function configReport(
  { state, rejected, phase, timings, waiting }: ConfigStatus,
  target: ReloadTarget,
  drift: ConfigDrift | null,
): Promise<ConfigReport> {
  const [served, processes, snapshot] = await Promise.all([
    askProof(target.proofSocket),
    askProcesses(target.master).catch(() => null),
    takeSnapshot(target.runtime).catch(() => null),
  ]);
  const good = state?.lastKnownGood ?? null;
  const running = [good, state?.attempted ?? null].find((bundle) => bundle?.hash === served) ?? null;
  const verdict = state?.verdict ?? null;
  const ofAttempt = rejected
    ? {
        attempted: rejected.ref,
        outcome: 'refused' as const,
        refusal: rejected.refusal,
        failure: rejected.why,
        failedStep: 'verify' as const,
        timings: {},
      }
    : {
        attempted: state && refOf(state.attempted),
        outcome: verdict?.outcome ?? null,
        refusal: null,
        failure: verdict?.failure ?? waiting,
        failedStep: verdict?.failedStep ?? (waiting === null ? null : ('wait' as const)),
        timings: verdict?.timings ?? timings,
      };
  return {
    ...ofAttempt,
    running: running && refOf(running),
    lastKnownGood: good && refOf(good),
    phase,
    drift,
    haproxy: {
      version: snapshot?.version ?? null,
      oldWorkers: processes?.oldWorkers.length ?? 0,
      failedReloads: processes?.failed ?? 0,
    },
    agentVersion,
    now: new Date().toISOString(),
  };
}
