import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Acknowledgement, Behaviour } from './simulated-agent.ts';
import type { SimulatedAgentsOptions } from './simulated-agents.ts';
import type { FromSimulated, ToSimulated } from './simulated-process.ts';

/** Simulated agents in a process of their own, so that they do not wait for whoever measures, nor it for them. */
export interface SimulatedApart {
  behave(proxy: string, behaviour: Behaviour): void;
  acknowledgements(sequence: number): readonly Acknowledgement[];
  /** Waits until so many have told the end of this order; throws how many did when it takes longer. */
  untilAcknowledged(sequence: number, count: number, timeoutMs: number): Promise<readonly Acknowledgement[]>;
  stop(): Promise<void>;
}

const program = path.join(import.meta.dirname, 'simulated-process.ts');

export function startSimulatedApart(options: SimulatedAgentsOptions): SimulatedApart {
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const known = new Map<number, Acknowledgement[]>();
  const tell = (message: ToSimulated): void => void child.send(message);
  child.on('message', ({ acknowledgements }: FromSimulated) => {
    for (const acknowledgement of acknowledgements) {
      const { sequence } = acknowledgement;
      if (!known.has(sequence)) known.set(sequence, []);
      known.get(sequence)?.push(acknowledgement);
    }
  });
  tell({ kind: 'start', options });
  const acknowledgements = (sequence: number): readonly Acknowledgement[] => known.get(sequence) ?? [];
  return {
    behave: (proxy, behaviour) => tell({ kind: 'behave', proxy, behaviour }),
    acknowledgements,
    async untilAcknowledged(sequence, count, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      while (acknowledgements(sequence).length < count) {
        if (child.exitCode !== null) throw new Error('the simulated agents have ended');
        if (performance.now() > deadline)
          throw new Error(
            `${acknowledgements(sequence).length} of ${count} told the end of order ${sequence}`,
          );
        await delay(20);
      }
      return acknowledgements(sequence);
    },
    async stop() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
