import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sealEntries } from '../../../db/audit/seal.ts';
import type { RealProxy } from '../../../bench/fleet/real-proxy.ts';
import { verifyProject } from '../../audit/support.ts';
import type { CrashLane, Written } from './crash-lane.ts';
import type { Installation } from './installation.ts';
import { firstServed, textsInOrder } from './served-texts.ts';
import type { Story } from './stories.ts';

/** What of the end of a run is not as it has to be; nothing here asks a part of ours but the database. */
export async function judge(
  lane: CrashLane,
  seen: { readonly story: Story; readonly operationId: string; readonly outcome: string | null },
  texts: { readonly before: Written; readonly asked: Written },
): Promise<string[]> {
  const { story, operationId, outcome } = seen;
  const { installation } = lane;
  const isCompleted = story.outcome === 'completed';
  const wanted = isCompleted ? texts.asked : texts.before;
  const problems: string[] = [];
  const expectSame = (what: string, actual: unknown, expected: unknown): void => {
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      problems.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  };
  expectSame('outcome', outcome, story.outcome);
  problems.push(...(await untilNothing(() => atOne(installation, wanted))));
  const events = await eventsOf(installation, operationId);
  const forth = Array.from({ length: story.waves }, (_, wave) => wave);
  expectSame('waves ordered', wavesOf(events, 'wave.ordered'), forth);
  expectSame(
    'waves ordered back',
    wavesOf(events, 'wave.ordered-back'),
    isCompleted ? [] : forth.toReversed(),
  );
  expectSame(
    'the timeline is dense',
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  problems.push(...servedInOrder(lane, story, texts));
  problems.push(...(await auditFaults(installation)));
  return problems;
}

/** File, HAProxy and report of every proxy at one, at the revision, and nobody's property. */
export async function atOne({ db, proxies, environment, port }: Installation, { revision, text }: Written) {
  const rows = await db
    .selectFrom('fleet_proxy as f')
    .innerJoin('config_order as o', (join) =>
      join
        .onRef('o.project', '=', 'f.project')
        .onRef('o.environment', '=', 'f.environment')
        .onRef('o.sequence', '=', 'f.sequence'),
    )
    .leftJoin('config_report as r', 'r.proxy', 'f.proxy')
    .select(['f.proxy', 'f.owner', 'o.sequence', 'o.hash', 'o.revision'])
    .select(['r.outcome', 'r.running_hash', 'r.running_sequence', 'r.attempted_sequence'])
    .where('f.environment', '=', environment)
    .execute();
  const problems: string[] = [];
  for (const proxy of proxies) {
    const row = rows.find((candidate) => candidate.proxy === proxy.name);
    const file = proofInFile(proxy);
    const found = {
      ...{ revision: row?.revision, owner: row?.owner, outcome: row?.outcome },
      ...{ file: file?.hash, served: await servedHash(proxy), reported: row?.running_hash },
      ...{ sequence: file?.sequence, running: row?.running_sequence, attempted: row?.attempted_sequence },
      text: (await proxy.ask(port, '/ping'))?.body,
    };
    const expected = {
      ...{ revision, owner: null, outcome: 'proven' },
      ...{ file: row?.hash, served: row?.hash, reported: row?.hash },
      ...{ sequence: row?.sequence, running: row?.sequence, attempted: row?.sequence },
      text,
    };
    if (JSON.stringify(found) === JSON.stringify(expected)) continue;
    problems.push(`${proxy.name} is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
  return problems;
}

function proofInFile({ files }: RealProxy): { sequence: number; hash: string } | null {
  const found = /^# holdfast: begin proof (\{.*\})$/m.exec(readFileSync(files.config, 'utf8'))?.[1];
  return found === undefined ? null : (JSON.parse(found) as { sequence: number; hash: string });
}

function servedHash({ folder }: RealProxy): Promise<string | null> {
  const socketPath = path.join(folder, 'holdfast-proof.sock');
  return new Promise((resolve) => {
    const sent = request({ socketPath, path: '/', agent: false, timeout: 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => resolve(text.trim()));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(null));
    sent.once('close', () => resolve(null));
    sent.end();
  });
}

/** Reports are under way for a moment; what is wrong for longer is wrong. */
export async function untilNothing(look: () => Promise<string[]>, withinMs = 60_000): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const problems = await look().catch((error: unknown) => [String(error)]);
    if (problems.length === 0 || performance.now() > deadline) return problems;
    await delay(200);
  }
}

async function eventsOf({ db }: Installation, operationId: string) {
  return db
    .selectFrom('operation_event')
    .select(['seq', 'type', 'detail'])
    .where('operation_id', '=', operationId)
    .orderBy('seq')
    .execute();
}

function wavesOf(events: readonly { type: string; detail: unknown }[], type: string): unknown[] {
  return events
    .filter((event) => event.type === type)
    .map(({ detail }) => (detail as { wave?: unknown }).wave);
}

/** Each proxy serves what it has to, once, and no wave before the one ahead of it. */
function servedInOrder(
  { served, installation: { proxies } }: CrashLane,
  { waves, outcome, fault }: Story,
  { before, asked }: { readonly before: Written; readonly asked: Written },
): string[] {
  const problems: string[] = [];
  const isAtOnce = waves === 1 && outcome === 'completed';
  for (const [index, { name }] of proxies.entries()) {
    const samples = served.samples(name);
    const unanswered = samples.filter(({ text }) => text === null).length;
    if (unanswered > 0) problems.push(`${name} refused ${unanswered} of ${samples.length} connections`);
    const history = textsInOrder(samples);
    const isOrdered = isAtOnce || index < waves;
    const isTaken =
      isOrdered && fault?.connections === undefined && !(fault?.alsoAt !== undefined && index === 2);
    const forth = isTaken ? [before.text, asked.text] : [before.text];
    const expected = isTaken && outcome !== 'completed' ? [...forth, before.text] : forth;
    if (JSON.stringify(history) !== JSON.stringify(expected))
      problems.push(`${name} served ${history.join(', ')} instead of ${expected.join(', ')}`);
  }
  if (!isAtOnce) problems.push(...overtaken(served, proxies, { before, asked }));
  return problems;
}

/** A proxy that still serves the old text after one of a later wave serves the new one. */
function overtaken(
  served: CrashLane['served'],
  proxies: readonly RealProxy[],
  { before, asked }: { readonly before: Written; readonly asked: Written },
): string[] {
  return proxies.slice(1).flatMap(({ name }, index) => {
    const earlier = proxies[index]?.name ?? '';
    const overtakenAt = firstServed(served.samples(name), asked.text);
    const own = firstServed(served.samples(earlier), asked.text) ?? Infinity;
    const isLate = served
      .samples(earlier)
      .some(
        ({ askedAt, answeredAt, text }) =>
          text === before.text && askedAt > (overtakenAt ?? Infinity) && answeredAt < own,
      );
    const isNever = overtakenAt !== null && own === Infinity;
    return isLate || isNever ? [`${name} served ${asked.text} before ${earlier} did`] : [];
  });
}

export async function auditFaults({ db }: Installation): Promise<string[]> {
  while ((await sealEntries(db, 'default')) > 0);
  const { fault } = await verifyProject(db, 'default');
  return fault === null ? [] : [`the audit does not verify: ${JSON.stringify(fault)}`];
}
