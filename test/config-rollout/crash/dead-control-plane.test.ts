import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import type { RealProxy } from '../../../bench/fleet/real-proxy.ts';
import { openCrashLane, startPatiently, untilClosed, type CrashLane } from './crash-lane.ts';
import { atOne, auditFaults, untilNothing } from './judge.ts';

/** Longer than the plan lets a proxy be silent, and than all that an agent waits for: its polls last 25 s, its pauses 5 s. */
const deadMs = inject('long') ? 300_000 : 30_000;
/** The worker is back so much earlier than the API, and sees only proxies that were not heard for long: two checks of the bake, and a third. */
const deafMs = 12_000;

/** For the machine; what has to be fast is asserted apart. */
const patience = { timeout: 90_000 };

test(
  'with API, worker and PostgreSQL dead in the middle of a rollout every HAProxy goes on; afterwards the rollout does',
  { timeout: deadMs + 600_000 },
  async () => {
    const lane = await openCrashLane({ temporal: inject('temporal'), number: 7 });
    try {
      await tellOf(lane);
    } finally {
      await lane.close();
    }
  },
);

async function tellOf(lane: CrashLane): Promise<void> {
  const { installation, live: before } = lane;
  const { api, worker, postgres, toTemporal, environment, port } = installation;
  const [first, second, third] = installation.proxies as [RealProxy, RealProxy, RealProxy];
  const texts = async () =>
    Promise.all([first, second, third].map(async (proxy) => (await proxy.ask(port, '/ping'))?.body));
  const phase = async () => {
    const operation = installation.db.selectFrom('operation').select('phase').where('id', '=', id);
    return (await operation.executeTakeFirst())?.phase;
  };
  const asked = await lane.write('while nobody is there');
  const plan = {
    waves: [{ regions: ['eu'], bake: '5s' }],
    ...{ rest: { bake: '0' }, partition: { policy: 'wait', after: '20s' } },
  };
  const id = await startPatiently(installation, '/config-rollouts', { environment, plan });
  await expect.poll(texts, patience).toEqual([asked.text, before.text, before.text]);

  await expect.poll(phase, patience).toBe('baking');

  toTemporal.cut();
  await Promise.all([api.kill(), worker.kill(), postgres.kill()]);
  const answered = lane.loads.map((load) => load.counts().answered);
  // Nobody is there to tell an agent that starts what to do; one has the new configuration, one the old one.
  for (const proxy of [first, second]) {
    await proxy.killAgent();
    await proxy.startAgent();
  }
  await delay(deadMs);
  expect(await texts()).toEqual([asked.text, before.text, before.text]);
  for (const [index, load] of lane.loads.entries())
    expect(load.counts().answered - (answered[index] ?? 0)).toBeGreaterThan(deadMs / 1000);

  await postgres.start();
  toTemporal.heal();
  await worker.start();
  await delay(deafMs);
  expect(await phase()).toBe('baking');
  await api.start();
  const { outcome, summary } = await untilClosed(installation, id);
  expect(outcome, summary).toBe('completed');
  expect(await untilNothing(() => atOne(installation, asked))).toEqual([]);
  expect(lane.loads.flatMap((load) => load.counts().failures)).toEqual([]);
  expect(await auditFaults(installation)).toEqual([]);
}
