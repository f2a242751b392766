import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigStep } from '../../contracts/config-bundle.ts';
import type { Base } from '../config-file.ts';
import type { LiveFile, Servers } from '../live-file.ts';
import type { Turns } from '../turns.ts';
import type { Processes } from './processes.ts';
import { askProof } from './proof.ts';
import { proveLive, sendReload, waitUntilReady, type ReloadTarget, type Unproven } from './reload.ts';

export type ProvableBase = Base & { readonly proof: NonNullable<Base['proof']> };

export interface ApplyTools {
  readonly file: LiveFile;
  readonly servers: Servers;
  readonly target: ReloadTarget;
  /** Commands to the runtime socket wait while a file is written and its reload sent: they are in the file or come after. */
  readonly turns: Turns;
  /** Brings the new worker to the weights of now: a lease may have run out since the file was written. */
  readonly reconcile: () => Promise<void>;
  /** Called at the start of each step. */
  readonly onStep: (step: ConfigStep) => void;
}

/** `isTouched`: the file or HAProxy may be changed, so that what was before has to be restored. */
export type Applied =
  | { readonly kind: 'proven' | 'superseded' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'refused' | 'unproven'; readonly step: ConfigStep; readonly why: string };

/** Takes a base into use and proves that it is served. `isNewest` is asked before anything is touched. */
export async function applyBase(
  tools: ApplyTools,
  base: ProvableBase,
  isNewest: () => boolean,
): Promise<Applied> {
  tools.onStep('check');
  const fault = await tools.file.check(base, tools.servers);
  if (fault !== null) return { kind: 'refused', step: 'check', why: fault };
  tools.onStep('wait');
  const before = await waitUntilReady(tools.target);
  if ('fault' in before) return { kind: 'waiting', why: before.fault };
  if (!isNewest()) return { kind: 'superseded' };
  if (await isServed(tools.target, base, before)) {
    tools.onStep('write');
    const unwritten = tools.file.use(base, tools.servers);
    if (unwritten !== null) return { kind: 'unproven', step: 'write', why: unwritten };
    tools.file.proven();
    return { kind: 'proven' };
  }
  // Not before: the ports of what is served already are held by HAProxy itself.
  const taken = await tools.file.probe(base, tools.servers);
  if (taken !== null) return { kind: 'refused', step: 'check', why: taken };
  if (!isNewest()) return { kind: 'superseded' };
  tools.onStep('write');
  return takeIntoUse(tools, base, before);
}

/** What is served already needs no reload: the same files under a newer sequence, or a crash right before it was told. */
async function isServed(
  { proofSocket }: ReloadTarget,
  base: ProvableBase,
  before: Processes,
): Promise<boolean> {
  // While an old worker lives a reload may be under way, and the answer may be that of the one that goes.
  if (before.failed > 0 || before.oldWorkers.length > 0) return false;
  return (await askProof(proofSocket)) === base.proof.hash;
}

/** The same for what ran before: it is not checked again, because there is nothing better to go back to. Nothing happens where it is served. */
export async function restoreUnlessServed(tools: ApplyTools, base: ProvableBase): Promise<Applied> {
  const before = await waitUntilReady(tools.target);
  if ('fault' in before) return { kind: 'waiting', why: before.fault };
  if (!(await isServed(tools.target, base, before))) return restoreBase(tools, base);
  tools.file.use(base, tools.servers);
  tools.file.proven();
  return { kind: 'proven' };
}

/** Writes what ran before and reloads, whatever is served. */
export async function restoreBase(tools: ApplyTools, base: ProvableBase): Promise<Applied> {
  tools.onStep('restore');
  tools.file.use(base, tools.servers);
  const before = await waitUntilReady(tools.target);
  if ('fault' in before) return { kind: 'waiting', why: before.fault };
  return takeIntoUse(tools, base, before);
}

async function takeIntoUse(tools: ApplyTools, base: ProvableBase, before: Processes): Promise<Applied> {
  const { file, servers, target, turns, onStep } = tools;
  const sent = await turns(async () => {
    const fault = file.use(base, servers);
    if (fault !== null) return fault;
    onStep('reload');
    const answer = sendReload(target, before);
    await Promise.race([answer, sleep(handOverMs)]);
    return { answer };
  });
  if (typeof sent === 'string') return { kind: 'unproven', step: 'write', why: sent };
  const unproven = await prove(tools, base.proof.hash, before, sent.answer);
  if (unproven) return { kind: 'unproven', step: unproven.isRefused ? 'reload' : 'prove', why: unproven.why };
  tools.file.proven();
  await tools.reconcile();
  return { kind: 'proven' };
}

/** Runtime commands are held back for no longer than this; from then on they go on while the reload does. */
const handOverMs = 100;

/** Sends the reload once more when the first one brought nothing: a master that was busy loses it without a word. */
async function prove(
  { target, onStep }: ApplyTools,
  hash: string,
  before: Processes,
  answer: Promise<string>,
): Promise<Unproven | null> {
  const said = refusalIn(await answer);
  if (said !== null) return { why: said, isRefused: true };
  onStep('prove');
  const first = await proveLive(target, hash, before);
  if (first === null || first.isRefused) return first;
  await sendReload(target, before);
  return proveLive(target, hash, before);
}

/** HAProxy 2.7 and later wait for the new worker and say how it went. */
function refusalIn(answer: string): string | null {
  return /^Success=0/m.test(answer) ? `HAProxy did not load it: ${answer.replace(/\s+/g, ' ').trim()}` : null;
}
