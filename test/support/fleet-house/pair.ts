import type { CanaryPlanInput } from '../../../contracts/canary-plan.ts';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { FleetProxy } from '../../../contracts/proxy-enrollment.ts';
import { freezeConfig } from '../../../db/canary-rollout/freeze-config.ts';
import { requireFleetProxy } from '../../../db/config-rollout/show-fleet.ts';
import { requireService } from '../../../db/service.ts';
import type { RolloutHouse } from '../rollout-house.ts';
import { startTwinAgent, type TwinAgent } from '../rollout-house/agent.ts';
import { makeService, quickPlan, startRollout, type StartedRollout } from '../rollout-house/people.ts';
import { makeFleet, type Fleet } from './fleet.ts';
import { startConfigRollout } from './rollouts.ts';

/** A service behind a proxy whose configuration is rolled out as well; a second proxy of the environment has nothing to do with it. */
export interface PairHouse {
  readonly service: string;
  readonly fleet: Fleet;
  /** The proxy of the service. */
  readonly proxy: string;
  readonly agent: TwinAgent;
  /** The revision that all ran at the beginning. */
  readonly first: string;
  /** Writes a revision with the backend of the service, as its head. */
  write(text: string, change?: (document: ConfigDocument) => ConfigDocument): Promise<string>;
  /** Starts a rollout that brings the head, or another revision, as the API does. */
  start(version?: string, plan?: CanaryPlanInput, revision?: string): Promise<StartedRollout>;
  /** The proxy of the service as the API shows it. */
  shown(): Promise<FleetProxy>;
  close(): Promise<void>;
}

export async function makePair(house: RolloutHouse, stable: string | null = 'v1'): Promise<PairHouse> {
  const fleet = await makeFleet(house.db, [{}, {}]);
  const [proxy = ''] = fleet.proxies;
  const agent = startTwinAgent(house.db, proxy, (name, weights) => house.note(name, `applied ${weights}`));
  const service = await makeService(house, { proxy, stable });
  agent.rate(service, 1000);
  const write: PairHouse['write'] = (text, change = (document) => document) =>
    fleet.write(text, (document) =>
      change({ ...document, backends: [...document.backends, { name: service, steered: true }] }),
    );
  const first = await write('first');
  await settle(house, fleet);
  return {
    ...{ service, fleet, proxy, agent, first, write },
    async start(version = 'v2', plan = quickPlan, revision) {
      const target = { ...(await requireService(house.db, 'default', service)), project: 'default' };
      const asked = { environment: fleet.environment, ...(revision === undefined ? {} : { revision }) };
      const config = await freezeConfig(house.db, target, asked);
      return startRollout(house, service, version, plan, 'and-start', config);
    },
    shown: () => requireFleetProxy(house.db, 'default', proxy),
    async close() {
      fleet.close();
      await agent.close();
    },
  };
}

/** Brings the head to all proxies of an environment at once. */
export async function settle(house: RolloutHouse, { environment }: Fleet): Promise<void> {
  const rollout = await startConfigRollout(house, { environment, plan: { waves: [], rest: { bake: '0' } } });
  const { outcome, reason } = await rollout.result();
  if (outcome !== 'completed') throw new Error(`the rollout of ${environment} ended ${outcome}: ${reason}`);
}
