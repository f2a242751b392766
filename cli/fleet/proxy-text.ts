import type { FleetProxy } from '../../contracts/proxy-enrollment.ts';
import type { ConfigDrift, ConfigRef } from '../../contracts/config-bundle.ts';
import { fields } from '../table.ts';

/** Agents report every 10 s. */
const silentAfterMs = 60_000;

/** sha256 of nothing: the order to run the file that the operator wrote. */
const noFile = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Whether a proxy is not known to be as its order says. One that was ordered nothing is not off unless it drifts. */
export function isOff(proxy: FleetProxy): boolean {
  const { desired, isProven, drift } = proxy;
  return drift !== null || (desired !== null && (!isProven || isSilent(proxy)));
}

/** In one word for a listing. */
export function conditionOf(proxy: FleetProxy): string {
  const { state, desired, isProven, drift, outcome } = proxy;
  if (state === 'invited') return 'invited';
  if (isSilent(proxy)) return 'silent';
  if (drift !== null) return drift.mended ? 'mended' : `drift: ${drift.kind}`;
  if (desired === null) return 'no order';
  if (isProven) return 'proven';
  return outcome === null || outcome === 'proven' ? 'pending' : outcome;
}

/** Of one that was never ordered anything nobody expects to hear of its configuration. */
function isSilent({ silentMs, state, desired }: FleetProxy): boolean {
  const isQuiet = silentMs === null ? desired !== null : silentMs > silentAfterMs;
  return state === 'enrolled' && isQuiet;
}

/** All that is known of a proxy. */
export function proxyText(proxy: FleetProxy): string {
  const { region, labels, address, owner, haproxyVersion, agentVersion } = proxy;
  const named = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return fields([
    ['proxy', proxy.proxy],
    ['environment', proxy.environment],
    ['state', conditionOf(proxy)],
    ['region', region ?? '-'],
    ['labels', named.length === 0 ? '-' : named.join(' ')],
    ['address', address ?? '-'],
    ...orderFields(proxy),
    ['held by', owner ?? 'nobody'],
    ['haproxy', haproxyVersion ?? '-'],
    ['agent', agentVersion ?? '-'],
    ...updateFields(proxy),
    ['heard', heardText(proxy)],
  ]);
}

/** The version that reports, and how the newest order to it ended if it does not run. */
export function agentText({ agentVersion, agentUpdate }: FleetProxy): string {
  const version = agentVersion ?? '-';
  if (!agentUpdate || agentUpdate.outcome === 'running') return version;
  return `${version}; ${agentUpdate.version} ${agentUpdate.outcome ?? 'ordered'}`;
}

function updateFields({ agentUpdate }: FleetProxy): (readonly [string, string])[] {
  if (!agentUpdate) return [];
  const { version, sequence, orderedAt, outcome, failure } = agentUpdate;
  return [
    ['agent order', `${version} (order ${sequence}, ${orderedAt}): ${outcome ?? 'under way'}`],
    ...(failure === null ? [] : [['agent failure', failure] as const]),
  ];
}

/** What is not as it should be, and since when. */
export function offText(proxy: FleetProxy): string {
  return fields([
    ['proxy', proxy.proxy],
    ['state', conditionOf(proxy)],
    ...orderFields(proxy),
    ['heard', heardText(proxy)],
  ]);
}

function orderFields({
  desired,
  running,
  outcome,
  failure,
  drift,
}: FleetProxy): (readonly [string, string])[] {
  return [
    ['ordered', refText(desired)],
    ['runs', refText(running)],
    ...(outcome === null ? [] : [['last order', outcome] as const]),
    ...(failure === null ? [] : [['failure', failure] as const]),
    ...(drift === null ? [] : driftFields(drift)),
  ];
}

function driftFields(drift: ConfigDrift): (readonly [string, string])[] {
  const { kind, detail, since, policy, mended, content } = drift;
  return [
    ['drift', `${kind}: ${detail}`],
    ['since', `${since}, policy ${policy}${mended ? '; it was brought back' : ''}`],
    ...(content === null
      ? []
      : [['found', `${content.split('\n').length} lines; they are in --json`] as const]),
  ];
}

function refText(ref: ConfigRef | null): string {
  if (ref === null) return 'nothing';
  const what = ref.revision === noFile ? "the operator's own file" : ref.revision.slice(0, 12);
  return `${what} (order ${ref.sequence})`;
}

function heardText({ reportedAt, silentMs }: FleetProxy): string {
  if (reportedAt === null) return 'never';
  return silentMs === null ? reportedAt : `${reportedAt}, ${Math.round(silentMs / 1000)} s ago`;
}
