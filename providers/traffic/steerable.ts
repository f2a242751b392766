import { OpsError } from '../../domain/errors.ts';
import type { DesiredStateStore } from './desired-state-store.ts';
import type { TrafficTarget } from './traffic.ts';

const silenceLimitMs = 10_000;

/** Throws unless the agent is heard, its HAProxy answers, and the backend takes weights at run time. */
export async function refuseUnsteerable(store: DesiredStateStore, target: TrafficTarget): Promise<void> {
  const { proxy, backend } = target;
  const heard = await store.report(proxy);
  if (!heard) {
    throw new OpsError(
      'unavailable',
      `the agent of proxy ${proxy} was never heard; start it beside HAProxy: node proxy-agent/main.ts run`,
    );
  }
  if (heard.silentMs > silenceLimitMs) {
    const seconds = Math.round(heard.silentMs / 1000);
    throw new OpsError(
      'unavailable',
      `the agent of proxy ${proxy} has been silent for ${seconds} s; start it, or look at its log`,
    );
  }
  const { report } = heard;
  if (!report.reachable) {
    throw new OpsError(
      'unavailable',
      `HAProxy of proxy ${proxy} does not answer on its socket; start HAProxy`,
    );
  }
  if (report.stopped !== null) {
    throw new OpsError(
      'stopped',
      `a local stop holds at proxy ${proxy}: ${report.stopped}; lift it there: node proxy-agent/main.ts release --reason …`,
    );
  }
  if (report.configError !== null) {
    throw new OpsError(
      'unavailable',
      `the configuration of proxy ${proxy} cannot be written, so a reload would undo a rollout: ${report.configError}`,
    );
  }
  const known = report.backends.find((candidate) => candidate.name === backend);
  if (!known) {
    const names = report.backends.map((candidate) => candidate.name).join(', ') || 'none';
    throw new OpsError('invalid-target', `proxy ${proxy} has no backend ${backend}; it has: ${names}`);
  }
  if (known.balance !== 'roundrobin') {
    throw new OpsError(
      'invalid-target',
      `backend ${backend} of proxy ${proxy} has "balance ${known.balance}", ${whyNot(known.dynamic)}; use "balance roundrobin"`,
    );
  }
}

function whyNot(dynamic: boolean): string {
  return dynamic
    ? 'which does not give each server the share of its weight'
    : 'whose weights cannot be set at run time';
}
