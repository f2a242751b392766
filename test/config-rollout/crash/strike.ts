import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Killable } from '../../../bench/processes.ts';
import type { RealProxy } from '../../../bench/fleet/real-proxy.ts';
import { markOf } from '../../../infra/process/proc.ts';
import type { Installation } from './installation.ts';
import type { Moment, Run } from './seeds.ts';

/** What will be killed in a run. */
export interface Strike {
  /** To be called in the moment in which the rollout is asked for. Resolves when what was killed runs again: true, or false when the moment never came. */
  begin(isOver: () => boolean): Promise<boolean>;
}

const lookMs = 10;

/** Makes everything ready for it, before the rollout begins. */
export async function prepareStrike(place: Installation, { moment, deadMs }: Run): Promise<Strike> {
  switch (moment.victim) {
    case 'agent':
      return doomedAgent(place, moment, deadMs);
    case 'worker':
      return doomedWorker(place, moment, deadMs);
    case 'api-before-start':
      return apiBeforeStart(place, deadMs);
    case 'api':
    case 'postgres':
      return { begin: () => killAfter(place[moment.victim], moment.afterMs, deadMs) };
  }
}

async function killAfter(victim: Killable, afterMs: number, deadMs: number): Promise<boolean> {
  await delay(afterMs);
  await victim.kill();
  await delay(deadMs);
  await victim.start();
  return true;
}

async function doomedAgent(
  place: Installation,
  { proxy: index, at }: Moment & { victim: 'agent' },
  deadMs: number,
): Promise<Strike> {
  const proxy = place.proxies[index] as RealProxy;
  const pid = proxy.agentPid();
  await place.doomAgent(proxy, at);
  return {
    async begin(isOver) {
      // Once more after it is over: it may die by the report that ended it.
      while (existsSync(place.fateFile(proxy))) {
        if (isOver()) await delay(2000);
        if (isOver() && existsSync(place.fateFile(proxy))) {
          await place.doomAgent(proxy, null);
          return false;
        }
        await delay(lookMs);
      }
      while (markOf(pid) !== null) await delay(lookMs);
      await delay(deadMs);
      await proxy.startAgent();
      return true;
    },
  };
}

async function doomedWorker(
  { worker, startDoomedWorker }: Installation,
  { name, occurrence }: Moment & { victim: 'worker' },
  deadMs: number,
): Promise<Strike> {
  await worker.kill();
  const doomed = await startDoomedWorker({ at: 0, named: { name, occurrence }, signal: 'SIGKILL' });
  let hasStruck = false;
  void doomed.gone.then(() => (hasStruck = true));
  return {
    async begin(isOver) {
      while (!hasStruck && !isOver()) await delay(lookMs);
      // The last points come after the row says that it is over.
      if (!hasStruck) await Promise.race([doomed.gone, delay(2000)]);
      const isKilled = hasStruck;
      await doomed.stop();
      await delay(deadMs);
      await worker.start();
      return isKilled;
    },
  };
}

/** Temporal is out of the API's reach, so it waits there for as long as it takes to be killed. */
function apiBeforeStart({ api, db, toTemporal, environment }: Installation, deadMs: number): Strike {
  toTemporal.cut();
  return {
    async begin() {
      const isRecorded = () =>
        db
          .selectFrom('operation')
          .select('id')
          .where('kind', '=', 'config-rollout')
          .where('target', '=', environment)
          .where('status', '=', 'starting')
          .executeTakeFirst();
      while ((await isRecorded()) === undefined) await delay(lookMs);
      await api.kill();
      toTemporal.heal();
      await delay(deadMs);
      await api.start();
      return true;
    },
  };
}
