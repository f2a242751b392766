import { setTimeout as delay } from 'node:timers/promises';
import { answersTo, pendingOf, type CommandAnswer } from '../../db/feedback-clustering/commands.ts';
import { nextRetryMs, pendingItems } from '../../db/feedback-clustering/items.ts';
import { beginJob, endJobs, isFullRunWanted, noStats } from '../../db/feedback-clustering/jobs.ts';
import { readState } from '../../db/feedback-clustering/state.ts';
import type { ClusterJobStats } from '../../contracts/feedback-clustering.ts';
import { takeIn } from './arrivals.ts';
import { beginConsolidation, endConsolidation, type Consolidation } from './consolidation.ts';
import { nextNamingMs } from '../../db/feedback-clustering/names.ts';
import { openDesk, refit, type Desk } from './desk.ts';
import { obey } from './obey.ts';
import { noticedAtOnce } from '../../db/feedback-clustering/touched.ts';
import { refreshSeverity, refreshTouched } from './refresh.ts';
import type { FeedbackClusteringTools } from './tools.ts';

export interface ShiftInput {
  readonly operationId: string;
  readonly project: string;
  /** Commands whose answers the workflow waits for. */
  readonly asked: readonly string[];
}

export interface ShiftResult {
  readonly stats: ClusterJobStats;
  readonly answers: readonly CommandAnswer[];
  /** There is more to do now. */
  readonly more: boolean;
  /** Milliseconds until something is to be tried again; null: nothing is. */
  readonly nextMs: number | null;
  /** A model has clusters to name; left out: it has none. */
  readonly isNamingDue?: boolean;
}

/** Where the desks of projects are kept between two shifts. */
export type Desks = Map<string, Desk>;

const batch = 256;
/** A shift that has worked for so long gives its answers before it goes on. */
const shiftMs = 5000;
/** Between two looks at what came in: a storm is taken in by the handful. */
const breathMs = 250;
/** What is small is compared within this time. */
const soonMs = 50;
/** While there are arrivals the next comparison begins after twice its own length, and not sooner than this. */
const restFactor = 2;
const restMs = 1000;
const noticeEveryMs = 1000;
const refitFrom = 50;

/**
 * Works until nothing is left: carries commands out, puts arrivals into clusters at once, and compares exactly, in other threads, all that
 * may have changed. Everything that is done stands in the database; a worker that dies loses none of it, and the next one goes on.
 */
export async function workShift(
  tools: FeedbackClusteringTools,
  desks: Desks,
  input: ShiftInput,
  signal: AbortSignal,
): Promise<ShiftResult> {
  const { project } = input;
  const known = desks.get(project);
  const { revision } = await readState(tools.db, project);
  // Another worker may have had a shift since.
  const desk = known?.revision === revision ? known : await openDesk(tools, project, signal);
  // Whatever goes wrong from here leaves a desk that nobody may work on.
  desks.delete(project);
  const shift: Shift = {
    tools,
    input,
    signal,
    desk,
    running: null,
    stats: { ...noStats },
    restUntil: 0,
    noticedAt: 0,
    made: new Set(),
    changed: new Set(),
  };
  try {
    const more = await work(shift);
    keep(desks, shift.desk);
    const answers = await answersTo(tools.db, input.operationId, input.asked);
    const result = { stats: shift.stats, answers, more, nextMs: await nextRetryMs(tools.db, project) };
    const isNamingDue = tools.languageModel !== null && (await nextNamingMs(tools.db, project)) !== null;
    return isNamingDue ? { ...result, isNamingDue } : result;
  } finally {
    shift.running?.stop();
  }
}

interface Shift {
  readonly tools: FeedbackClusteringTools;
  readonly input: ShiftInput;
  readonly signal: AbortSignal;
  desk: Desk;
  running: Consolidation | null;
  stats: ClusterJobStats;
  readonly made: Set<string>;
  readonly changed: Set<string>;
  /** The next comparison does not begin before, while there are arrivals. */
  restUntil: number;
  /** When clusters noticed last what was told again. */
  noticedAt: number;
}

/** Answers whether there is more to do. */
async function work(shift: Shift): Promise<boolean> {
  const { tools, input, signal } = shift;
  const until = Date.now() + shiftMs;
  const began = new Date();
  let job: string | null = null;
  for (;;) {
    signal.throwIfAborted();
    await obeyAll(shift);
    if (await isFullRunWanted(tools.db, input.project)) await runEverything(shift);
    const arrivals = await pendingItems(tools.db, input.project, batch);
    if (arrivals.length > 0) {
      job ??= await beginArrivals(shift);
      const { clustered, newClusters, updatedClusters, failures } = await takeIn(
        tools,
        shift.desk,
        arrivals,
        signal,
      );
      count(shift, { clustered, newClusters, updatedClusters, failures });
    }
    const isQuiet = arrivals.length === 0;
    if (isQuiet || Date.now() - shift.noticedAt > noticeEveryMs) await notice(shift);
    await compare(shift, isQuiet);
    const isDone = isQuiet && shift.running === null && !shift.desk.workspace.isDirty();
    if (isDone || (Date.now() > until && shift.running === null)) {
      if (job !== null) await endArrivals(shift, began);
      if (isDone && shouldRefit(shift.desk)) return (await askForRefit(shift), true);
      return !isDone;
    }
    if (arrivals.length < batch) await rest(shift);
  }
}

async function obeyAll(shift: Shift): Promise<void> {
  const { tools, input } = shift;
  for (const command of await pendingOf(tools.db, input.operationId)) {
    // What is being compared does not know of the edit.
    abandon(shift);
    await obey(tools, shift.desk, input.operationId, command);
  }
}

/** Takes in what a comparison has found, and begins the next one when it is time for it. */
async function compare(shift: Shift, isQuiet: boolean): Promise<void> {
  const { tools, desk } = shift;
  if (shift.running?.ended() === true) await finish(shift);
  if (shift.running !== null || !desk.workspace.isDirty()) return;
  if (!isQuiet && Date.now() < shift.restUntil) return;
  const began = Date.now();
  const running = beginConsolidation(tools, desk);
  running.clustered.then(
    () => (shift.restUntil = Date.now() + Math.max(restMs, restFactor * (Date.now() - began))),
    () => undefined,
  );
  shift.running = running;
  // What is small is over at once.
  await Promise.race([running.clustered.catch(() => undefined), delay(soonMs)]);
  if (running.ended()) await finish(shift);
}

/** Clusters notice what was told again. */
async function notice(shift: Shift): Promise<void> {
  while ((await refreshTouched({ db: shift.tools.db, ...shift.input })) >= noticedAtOnce);
  shift.noticedAt = Date.now();
}

async function finish(shift: Shift): Promise<void> {
  const { running } = shift;
  if (running === null) return;
  shift.running = null;
  const { newClusters, updatedClusters } = await endConsolidation(shift.tools, shift.desk, running);
  await refreshSeverity(describing(shift), [...newClusters, ...updatedClusters]);
  count(shift, { clustered: 0, newClusters, updatedClusters, failures: 0 });
}

function describing({ tools: { db }, desk: { project, settings } }: Shift) {
  return { db, project, codeowners: settings.codeowners ?? '' };
}

function abandon(shift: Shift): void {
  if (shift.running === null) return;
  shift.running.stop();
  shift.desk.workspace.soil(shift.running.rows);
  shift.running = null;
}

async function rest({ running }: Shift): Promise<void> {
  await Promise.race([
    delay(breathMs),
    ...(running === null ? [] : [running.clustered.catch(() => undefined)]),
  ]);
}

/** Fits the model anew, embeds everything and compares everything. */
async function runEverything(shift: Shift): Promise<void> {
  const { tools, input, signal } = shift;
  const { project } = input;
  const startedBefore = new Date();
  abandon(shift);
  await beginJob(tools.db, { id: tools.newId(), project, kind: 'everything', requestedBy: 'holdfast' });
  shift.desk = await refit(tools, shift.desk, signal);
  const { workspace } = shift.desk;
  workspace.uniteAll();
  workspace.soil(workspace.rows.keys());
  const before = shift.stats;
  if (workspace.rows.length > 0) {
    shift.running = beginConsolidation(tools, shift.desk);
    await shift.running.clustered;
    await finish(shift);
    // Settings may have changed: whose they are concerns all of them.
    await refreshSeverity(describing(shift), [...new Set(workspace.rows.map(({ clusterId }) => clusterId))]);
  }
  const stats = {
    clustered: workspace.rows.length,
    new_clusters: shift.stats.new_clusters - before.new_clusters,
    updated_clusters: shift.stats.updated_clusters - before.updated_clusters,
    embedding_failures: 0,
  };
  await endJobs(tools.db, { project, kind: 'everything' }, { stats, error: null, startedBefore });
}

function shouldRefit({ embedder, workspace, fittedItems }: Desk): boolean {
  const items = workspace.rows.length;
  return embedder.isLexical && items >= refitFrom && items >= 2 * fittedItems;
}

/** As a job that people see: the clusters may change by it. */
async function askForRefit({ tools, input }: Shift): Promise<void> {
  const job = {
    id: tools.newId(),
    project: input.project,
    kind: 'everything',
    requestedBy: 'holdfast',
  } as const;
  await beginJob(tools.db, job);
}

function beginArrivals({ tools, input }: Shift): Promise<string> {
  const job = {
    id: tools.newId(),
    project: input.project,
    kind: 'arrivals',
    requestedBy: 'holdfast',
  } as const;
  return beginJob(tools.db, job);
}

async function endArrivals({ tools, input, stats }: Shift, began: Date): Promise<void> {
  const startedBefore = new Date(Math.max(Date.now(), began.getTime()) + 1000);
  await endJobs(
    tools.db,
    { project: input.project, kind: 'arrivals' },
    { stats, error: null, startedBefore },
  );
}

interface Counted {
  readonly clustered: number;
  readonly newClusters: readonly string[];
  readonly updatedClusters: readonly string[];
  readonly failures: number;
}

function count(shift: Shift, { clustered, newClusters, updatedClusters, failures }: Counted): void {
  for (const id of newClusters) shift.made.add(id);
  for (const id of updatedClusters) if (!shift.made.has(id)) shift.changed.add(id);
  shift.stats = {
    clustered: shift.stats.clustered + clustered,
    new_clusters: shift.made.size,
    updated_clusters: shift.changed.size,
    embedding_failures: shift.stats.embedding_failures + failures,
  };
}

const desksAtMost = 4;

/** The projects that were worked on last; another one is read anew. */
function keep(desks: Desks, desk: Desk): void {
  desks.set(desk.project, desk);
  for (const [project] of desks) {
    if (desks.size <= desksAtMost) return;
    desks.delete(project);
  }
}
