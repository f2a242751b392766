import { setTimeout as delay } from 'node:timers/promises';
import type { GoodCase } from './good.ts';
import { differs, timelineOf } from './judge-bad.ts';
import type { Lane } from './lane.ts';
import { send } from './send.ts';

export interface GoodResult {
  readonly name: string;
  readonly isBlocked: boolean;
  readonly problems: readonly string[];
}

/** Rolls a good change out; every proxy has to have it in the end and to do what it says. */
export async function judgeGood(lane: Lane, one: GoodCase): Promise<GoodResult> {
  if (one.isIdle === true) await becomeIdle(lane);
  const told = await lane.rollOut(one.change(lane.shop, lane.place), one.name);
  if (one.isIdle === true) lane.load.resume();
  const { outcome, reason } = told.rollout.state;
  const isBlocked = outcome !== 'completed';
  const hashes = new Set(await Promise.all(lane.proxies.map((proxy) => proxy.servedHash())));
  const problems = [
    ...differs('outcome', outcome, 'completed'),
    ...differs('different configurations', hashes.size, 1),
    ...(isBlocked ? [reason ?? 'no reason', timelineOf(told)] : await wrongAnswers(lane, one)),
  ];
  return { name: one.name, isBlocked, problems };
}

const idleMs = 2000;

async function becomeIdle(lane: Lane): Promise<void> {
  lane.load.pause();
  await delay(idleMs);
}

async function wrongAnswers(lane: Lane, { asked }: GoodCase): Promise<string[]> {
  if (asked === undefined) return [];
  const { request, answer } = asked(lane.place);
  const wrong = await Promise.all(
    lane.proxies.map(async ({ name, address }) => {
      const got = await send(address, request);
      return differs(`${name} answers`, partOf(got, answer), answer);
    }),
  );
  return wrong.flat();
}

/** What of an answer the expected one speaks of. */
function partOf(got: object, wanted: object): object {
  const found = got as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(wanted).map(([name, value]: [string, unknown]) => {
      const part = found[name];
      return [name, isObject(value) && isObject(part) ? partOf(part, value) : part];
    }),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
