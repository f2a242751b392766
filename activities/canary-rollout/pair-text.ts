import { createHash } from 'node:crypto';
import { configOf } from '../../db/canary-rollout/config-order.ts';
import type { Release, RolloutFacts } from '../../db/canary-rollout/facts.ts';
import type { ProxyConfig } from '../../db/canary-rollout/proxy-config.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { shortRevision } from '../../domain/config-rollout/texts.ts';
import type { ConfigBrought, ConfigRestored } from './types.ts';

/** The pair as it came, with both hashes. */
export function broughtOf(facts: RolloutFacts, { hash }: Pick<ProxyConfig, 'hash'>): ConfigBrought {
  const release = releaseHash(facts, facts.canary);
  const said = pairText(facts, configOf(facts).revision, hash, facts.canary);
  return { kind: 'proven', summary: `${said}: it is proven`, hash: hash ?? '', release };
}

/** The pair of before. */
export function restoredOf(facts: RolloutFacts, { hash }: Pick<ProxyConfig, 'hash'>): ConfigRestored {
  const { stable } = facts;
  const said = pairText(facts, configOf(facts).base, hash, stable);
  const release = stable && releaseHash(facts, stable);
  return { summary: `${said}: it is proven to be back`, hash: hash ?? '', release };
}

export function failureOf({ spec }: RolloutFacts, { failure }: Pick<ProxyConfig, 'failure'>): string {
  return `proxy ${spec.traffic.proxy} did not take it: ${failure ?? 'it says no reason'}`;
}

const silentAfterMs = 15_000;

export function waitsFor({ spec }: RolloutFacts, { silentMs }: Pick<ProxyConfig, 'silentMs'>): string {
  const heard =
    silentMs === null
      ? ', its agent was never heard'
      : silentMs > silentAfterMs
        ? `, its agent is silent for ${Math.round(silentMs / 1000)} s`
        : '';
  return `proxy ${spec.traffic.proxy} has not proven its order${heard}`;
}

function pairText(
  facts: RolloutFacts,
  revision: string | null,
  hash: string | null,
  version: Release | null,
): string {
  const what = revision === null ? 'the file of its operator' : `configuration ${shortRevision(revision)}`;
  const code =
    version === null ? 'no version' : `${version.version} (hash ${short(releaseHash(facts, version))})`;
  return `proxy ${facts.spec.traffic.proxy} runs ${what} (hash ${short(hash ?? '')}) for ${code}`;
}

/** Names exactly which code it is: the version and how it starts. */
function releaseHash({ project, service }: RolloutFacts, { version, start }: Release): string {
  return createHash('sha256').update(canonicalJson({ project, service, version, start })).digest('hex');
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
