import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../infra/net/ports.ts';
import type { Part } from './config-push/cpu-times.ts';
import { bareFloor } from './config-push/floor.ts';
import { openPushHouse, type PushHouse } from './config-push/house.ts';
import { push, writeHead, type Pushed } from './config-push/push.ts';
import { withServers } from './servers.ts';
import { quantile } from './statistics.ts';

const few = 10;
const manyTimes = 5;
const floorRounds = 5;

interface Options {
  /** Simulated ones; the second fleet has five times as many. */
  readonly agents: number;
  readonly realProxies: number;
  /** To the first fleet; one more comes first. */
  readonly rollouts: number;
  readonly note: (text: string) => void;
  /** Of Node for the API, to see what it does. */
  readonly apiOptions?: readonly string[];
}

/**
 * How long a configuration takes from the request of the person who rolls it out until a whole fleet has it: agents that speak the
 * real protocol without a HAProxy, and real ones among them that reload and prove it. Everything shares the cores of this machine, the
 * agents too. Beside it, in the same run, the same agents before a bare server.
 */
export async function configPush({ agents, realProxies, rollouts, note, apiOptions = [] }: Options) {
  const machine = { cpus: cpus().length, load_before: Math.round((loadavg()[0] ?? 0) * 10) / 10 };
  const many = agents * manyTimes;
  return withServers(async (servers) => {
    const house = await openPushHouse(servers, { agents: many + 2 * realProxies, apiOptions });
    const toFew = await pushAll(house, { environment: 'few', simulated: few, real: 0, rollouts: 1 }, note);
    const first = { environment: 'usual', simulated: agents, real: realProxies, rollouts };
    const usual = await pushAll(house, first, note);
    const memory = house.memory();
    const second = { environment: 'many', simulated: many, real: 0, rollouts: Math.ceil(rollouts / 3) };
    const toMany = await pushAll(house, second, note);
    const memoryOfMany = house.memory();
    await house.processes.worker.stop();
    await house.processes.api.stop();
    const floor = await floorOf(house, agents, note);
    const floorOfMany = await floorOf(house, many, note);
    return {
      ...{ agents, real_proxies: realProxies, rollouts, ...machine },
      ...ackFigures('', usual, floor),
      ...{ goal_publish_to_ack_p99_ms: 1500, goal_max_ms: 3000 },
      ...provenFigures(usual),
      goal_publish_to_proven_p99_ms: 3000,
      ...{
        completed_p50_ms: quantile(usual.map(completed), 0.5),
        completed_max_ms: quantile(usual.map(completed), 1),
      },
      cpu_ms_p50: cpuFigures(usual),
      ...memory,
      ...ackFigures(`agents_${many}_`, toMany, floorOfMany),
      [`goal_agents_${many}_max_ms`]: 6000,
      [`agents_${many}_cpu_ms_p50`]: cpuFigures(toMany),
      [`agents_${many}_memory`]: memoryOfMany,
      [`events_${few}_agents`]: eventsOf(toFew),
      [`events_${many}_agents`]: eventsOf(toMany),
      events_seen: eventsSeen([...toFew, ...usual, ...toMany]),
    };
  });
}

interface Wanted {
  readonly environment: string;
  readonly simulated: number;
  readonly real: number;
  readonly rollouts: number;
}

/** Pushes to a fleet that is there for this alone. The first one is not counted: it compiles code and fills pools. */
async function pushAll(house: PushHouse, wanted: Wanted, note: Options['note']): Promise<Pushed[]> {
  const { environment, simulated: count, rollouts } = wanted;
  const port = await freePort();
  await writeHead(house, { environment, port }, 0);
  const real = await house.enrol(environment, wanted.real);
  const simulated = await house.simulate(environment, count);
  await delay(count * 2 + 3000);
  const pushed: Pushed[] = [];
  for (let revision = 1; revision <= rollouts + 1; revision += 1) {
    const one = await push(house, { environment, simulated, count, real, port }, revision);
    note(`${environment} ${revision}: ${lineOf(one)}`);
    if (revision > 1) pushed.push(one);
    await delay(2000);
  }
  await simulated.stop();
  for (const proxy of real) await proxy.close();
  return pushed;
}

async function floorOf(house: PushHouse, agents: number, note: Options['note']): Promise<number[]> {
  note(`${agents} agents before a bare server`);
  const { folder } = house.servers;
  const signingKeyFile = path.join(folder, 'signing-key.pem');
  const { configKeysFile } = house.processes;
  return bareFloor({ agents, rounds: floorRounds, folder, signingKeyFile, configKeysFile });
}

/** `name`_floor: the same agents, body and verification before a server that keeps nothing. */
function ackFigures(prefix: string, pushed: readonly Pushed[], floor: readonly number[]) {
  const since = pushed.flatMap(({ acknowledged }) => acknowledged);
  const sinceOrder = pushed.flatMap(({ acknowledged, ordered }) => acknowledged.map((ms) => ms - ordered));
  const p99 = quantile(since, 0.99);
  const floorP99 = quantile(floor, 0.99);
  return {
    [`${prefix}publish_to_ack_p50_ms`]: quantile(since, 0.5),
    [`${prefix}publish_to_ack_p99_ms`]: p99,
    [`${prefix}max_ms`]: quantile(since, 1),
    [`${prefix}publish_to_order_p50_ms`]: quantile(
      pushed.map(({ ordered }) => ordered),
      0.5,
    ),
    [`${prefix}order_to_ack_p50_ms`]: quantile(sinceOrder, 0.5),
    [`${prefix}order_to_ack_p99_ms`]: quantile(sinceOrder, 0.99),
    [`${prefix}floor_p99_ms`]: floorP99,
    [`${prefix}floor_max_ms`]: quantile(floor, 1),
    [`${prefix}p99_times_floor`]: Math.round((p99 / floorP99) * 10) / 10,
  };
}

function provenFigures(pushed: readonly Pushed[]) {
  const proven = pushed.flatMap((one) => one.proven);
  return {
    publish_to_proven_p50_ms: quantile(proven, 0.5),
    publish_to_proven_p99_ms: quantile(proven, 0.99),
    publish_to_proven_max_ms: quantile(proven, 1),
  };
}

/** Of one rollout, from the request until everybody has told its end: where the cores go. */
function cpuFigures(pushed: readonly Pushed[]): Record<string, number> {
  const parts = Object.keys(pushed[0]?.cpu ?? {}) as Part[];
  return Object.fromEntries(
    parts.map((part) => [
      part,
      quantile(
        pushed.map(({ cpu }) => cpu[part]),
        0.5,
      ),
    ]),
  );
}

function completed(pushed: Pushed): number {
  return pushed.completed;
}

/** Of the longest history. */
function eventsOf(pushed: readonly Pushed[]): number {
  return Math.max(...pushed.map(({ events }) => events));
}

/** All that came up: a busy worker may take one workflow task more or less for the same story. */
function eventsSeen(pushed: readonly Pushed[]): number[] {
  return [...new Set(pushed.map(({ events }) => events))].toSorted((a, b) => a - b);
}

function lineOf({ ordered, acknowledged, proven, completed: closed, events }: Pushed): string {
  const acks = `acknowledged p99 ${quantile(acknowledged, 0.99)}, max ${quantile(acknowledged, 1)}`;
  const proofs = proven.length === 0 ? '' : `, proven max ${quantile(proven, 1)}`;
  return `ordered after ${ordered} ms, ${acks}${proofs}, closed ${closed}; ${events} events`;
}
