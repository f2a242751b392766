import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { askApi } from '../../../bench/ask-api.ts';
import type { ConfigRollout } from '../../../contracts/config-rollout.ts';
import { freePort } from '../../../infra/net/ports.ts';
import { startSteadyLoad, type SteadyLoad } from '../../support/steady-load.ts';
import { documentOf } from './documents.ts';
import { openInstallation, type Installation } from './installation.ts';
import { watchServedTexts, type ServedTexts } from './served-texts.ts';

/** A revision, and what `/ping` answers under it. */
export interface Written {
  readonly revision: string;
  readonly text: string;
}

/** Makes a document the head of the environment. */
export type Write = (text: string, fault?: Partial<Parameters<typeof documentOf>[0]>) => Promise<Written>;

/** An installation with three proxies, one in each wave, under load, that runs a second revision after a first one. */
export interface CrashLane {
  readonly installation: Installation;
  readonly served: ServedTexts;
  readonly loads: readonly SteadyLoad[];
  /** Somebody else listens on it at the last proxy. */
  readonly heldPort: number;
  live: Written;
  previous: Written;
  readonly write: Write;
  close(): Promise<void>;
}

export async function openCrashLane(options: {
  readonly temporal: { readonly address: string };
  readonly number: number;
}): Promise<CrashLane> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end();
  };
  try {
    const installation = await openInstallation({ ...options, regions: ['eu', 'us', 'ap'] });
    closers.push(() => installation.close());
    const { proxies, port } = installation;
    const heldPort = await freePort();
    const holder = await listenAt(proxies.at(-1)?.address ?? '', heldPort);
    closers.push(() => holder.close());
    const write = writeTo(installation);
    const previous = await write('first');
    await rollOutToAll(installation);
    const live = await write('second');
    await rollOutToAll(installation);
    const served = watchServedTexts(proxies, port);
    closers.push(() => served.stop());
    const loads = proxies.map(({ address }) => startSteadyLoad({ host: address, port }));
    closers.push(() => Promise.all(loads.map((load) => load.stop())));
    return { installation, served, loads, heldPort, live, previous, write, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A document after the other of an environment that has none yet. */
export function writeTo({ access, environment, port }: Installation): Write {
  let head: string | null = null;
  return async (text, fault = {}) => {
    const headers: Record<string, string> =
      head === null ? { 'if-none-match': '*' } : { 'if-match': `"${head}"` };
    const { revision } = await askApi<{ revision: string }>(access, {
      ...{ method: 'PUT', route: `/environments/${environment}/config`, headers },
      body: { document: documentOf({ port, text, ...fault }), reason: text },
    });
    head = revision;
    return { revision, text };
  };
}

async function rollOutToAll(installation: Installation): Promise<void> {
  const plan = { waves: [], rest: { bake: '0' } };
  const { environment } = installation;
  const id = await startPatiently(installation, '/config-rollouts', { environment, plan });
  const { outcome, summary } = await untilClosed(installation, id);
  if (outcome !== 'completed') throw new Error(`the first rollouts did not complete: ${summary}`);
}

/** Asks for an operation until the API has answered its id, under one key: whoever dies meanwhile, there is one. */
export async function startPatiently(
  { access }: Installation,
  route: string,
  body: object,
  withinMs = 300_000,
): Promise<string> {
  const headers = { 'idempotency-key': randomUUID() };
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return (await askApi<ConfigRollout>(access, { method: 'POST', route, body, headers })).id;
    } catch (error) {
      // What is wrong with the request is wrong for ever; a 409 is the operation before, whose proxies are just given up.
      const isWrong = /: (400|403|404|422) /.test(String(error));
      if (isWrong || performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}

interface Closed {
  readonly outcome: string | null;
  readonly summary: string;
}

/** As the row says; `meanwhile` is called again and again, and may fail while something is dead. */
export async function untilClosed(
  { db }: Installation,
  operationId: string,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  withinMs = 300_000,
): Promise<Closed> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const row = await db
      .selectFrom('operation')
      .select(['status', 'outcome', 'summary', 'phase'])
      .where('id', '=', operationId)
      .executeTakeFirst()
      .catch(() => undefined);
    if (row?.status === 'closed') return row;
    if (performance.now() > deadline)
      throw new Error(`${operationId} hangs: ${row?.status}, ${row?.phase}: ${row?.summary}`);
    await meanwhile().catch(() => undefined);
    await delay(100);
  }
}

async function listenAt(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));
  return server;
}
