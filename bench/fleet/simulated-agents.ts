import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { verifyWithKeysIn, type VerifySignature } from '../../proxy-agent/config-bundle/trusted-keys.ts';
import {
  startSimulatedAgent,
  type Acknowledgement,
  type SimulatedAgent,
  type SimulatedTimes,
} from './simulated-agent.ts';
import type { SimulatedProxy } from './simulated-rows.ts';

export interface SimulatedAgentsOptions {
  readonly base: string;
  readonly environment: string;
  readonly proxies: readonly SimulatedProxy[];
  /** Public keys of those who sign configurations, PEM. */
  readonly configKeysFile: string;
  /** Where each agent's key is kept. */
  readonly folder: string;
  /** The first requests come over so many milliseconds. */
  readonly spreadMs?: number;
  readonly times?: Partial<SimulatedTimes>;
}

export interface SimulatedAgents {
  readonly all: readonly SimulatedAgent[];
  /** Throws for a name that is none of theirs. */
  agent(proxy: string): SimulatedAgent;
  /** Who told the end of this order, and when. */
  acknowledgements(sequence: number): readonly Acknowledgement[];
  /** Calls it at each end that is told from now on. */
  onAcknowledged(listener: (acknowledgement: Acknowledgement) => void): void;
  close(): void;
}

const usualTimes: SimulatedTimes = { tellMs: 10_000, windowMs: 5000, applyMs: 0 };

/** Many agents in this process, each with a key and connections of its own. Their rows come from `insertSimulatedProxies`. */
export function startSimulatedAgents(options: SimulatedAgentsOptions): SimulatedAgents {
  const { base, environment, proxies, configKeysFile, folder, spreadMs = proxies.length } = options;
  const acknowledgements = new Map<number, Acknowledgement[]>();
  const listeners: ((acknowledgement: Acknowledgement) => void)[] = [];
  const verify = onceForEachText(verifyWithKeysIn(configKeysFile));
  mkdirSync(folder, { recursive: true });

  function heard(acknowledgement: Acknowledgement): void {
    const { sequence } = acknowledgement;
    const known = acknowledgements.get(sequence);
    if (known === undefined) acknowledgements.set(sequence, [acknowledgement]);
    else known.push(acknowledgement);
    for (const listener of listeners) listener(acknowledgement);
  }

  const agents = proxies.map(({ proxy, key }, index) => {
    const keyFile = path.join(folder, proxy);
    writeFileSync(keyFile, key, { mode: 0o600 });
    return startSimulatedAgent({
      ...{ base, proxy, keyFile, verify, place: { project: 'default', environment } },
      ...{ times: { ...usualTimes, ...options.times }, onAcknowledged: heard },
      delayMs: (spreadMs * index) / proxies.length,
    });
  });
  const byName = new Map(agents.map((agent) => [agent.proxy, agent]));
  return {
    all: agents,
    agent(proxy) {
      const agent = byName.get(proxy);
      if (agent === undefined) throw new Error(`no simulated agent is called ${proxy}`);
      return agent;
    },
    acknowledgements: (sequence) => acknowledgements.get(sequence) ?? [],
    onAcknowledged: (listener) => void listeners.push(listener),
    close() {
      for (const agent of agents) agent.end();
    },
  };
}

/** A thousand agents have a thousand processors for this; here they share one. Who gets another text still verifies it. */
function onceForEachText(verify: VerifySignature): VerifySignature {
  let last: { readonly key: string; readonly text: string; readonly isSigned: boolean | null } | null = null;
  return (keyId, text, signature) => {
    const key = `${keyId} ${signature}`;
    if (last?.key !== key || last.text !== text)
      last = { key, text, isSigned: verify(keyId, text, signature) };
    return last.isSigned;
  };
}
