import type { Acknowledgement, Behaviour } from './simulated-agent.ts';
import {
  startSimulatedAgents,
  type SimulatedAgents,
  type SimulatedAgentsOptions,
} from './simulated-agents.ts';

/** What `startSimulatedApart` tells this process. */
export type ToSimulated =
  | { readonly kind: 'start'; readonly options: SimulatedAgentsOptions }
  | { readonly kind: 'behave'; readonly proxy: string; readonly behaviour: Behaviour };

export interface FromSimulated {
  readonly acknowledgements: readonly Acknowledgement[];
}

/** Told by the handful: one message each would cost more than what is measured. */
const tellMs = 50;

let agents: SimulatedAgents | null = null;
let untold: Acknowledgement[] = [];

process.on('message', (message: ToSimulated) => {
  switch (message.kind) {
    case 'start':
      agents = startSimulatedAgents(message.options);
      agents.onAcknowledged((acknowledgement) => void untold.push(acknowledgement));
      return;
    case 'behave':
      agents?.agent(message.proxy).behave(message.behaviour);
  }
});
process.once('disconnect', () => process.exit(0));

setInterval(() => {
  if (untold.length === 0) return;
  const told: FromSimulated = { acknowledgements: untold };
  untold = [];
  process.send?.(told);
}, tellMs);
