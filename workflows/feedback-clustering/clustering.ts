import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterJobStats, FeedbackClusteringInput } from '../../contracts/feedback-clustering.ts';
import { fail } from '../shared/failure.ts';
import { phaseAttribute, stuckAttribute } from '../shared/search-attributes.ts';
import { isShortText, isUlid } from '../shared/shape.ts';
import { clusterFeedback, nameClusters } from './hands.ts';
import {
  commandUpdate,
  dirtySignal,
  stateQuery,
  stuckSignal,
  type ClusterCommandAnswer,
} from './messages.ts';

const eventsAtMost = 1500;
const namingRestMs = 1000;

interface Run {
  readonly input: FeedbackClusteringInput;
  /** Something may be to do. */
  isDirty: boolean;
  isWorking: boolean;
  isNaming: boolean;
  stuck: string | null;
  total: ClusterJobStats;
  /** Commands that somebody waits for. */
  readonly asked: Set<string>;
  readonly answers: Map<string, ClusterCommandAnswer>;
}

/**
 * Keeps the clusters of one project, for ever: works while there is something to do and waits for the next time that something comes in.
 * One run for each project, so two never work on the same clusters, and nothing that came in meanwhile is forgotten.
 */
export async function feedbackClustering(input: FeedbackClusteringInput): Promise<void> {
  const run: Run = {
    input,
    ...{ isDirty: true, isWorking: false, isNaming: false, stuck: null },
    total: { clustered: 0, new_clusters: 0, updated_clusters: 0, embedding_failures: 0 },
    asked: new Set(),
    answers: new Map(),
  };
  listen(run);
  while (!isLong() || !allHandlersFinished() || run.isNaming) {
    const nextMs = await shift(run);
    if (nextMs === null) await condition(() => run.isDirty);
    else await condition(() => run.isDirty, Math.max(1, nextMs));
    run.isDirty = true;
  }
  await continueAsNew<typeof feedbackClustering>(input);
}

/** Time to go on in a new history. */
function isLong(): boolean {
  return workflowInfo().historyLength >= eventsAtMost;
}

function listen(run: Run): void {
  setHandler(dirtySignal, () => void (run.isDirty = true), {
    description: 'Something may have come in. Harmless to send: holdfast clusters status',
  });
  setHandler(commandUpdate, ({ commandId }) => obey(run, commandId), {
    validator: refuseBadShape,
    description:
      'Carries out a command that the API has recorded. Use: holdfast clusters merge|split|move|lock …',
  });
  setHandler(stuckSignal, (message: unknown) => noteStuck(run, message), {
    description: 'Sent by the worker when clustering keeps failing or works again',
  });
  setHandler(stateQuery, () => ({ isWorking: run.isWorking, total: run.total }), {
    description: 'Whether it works, and what it has done in this run',
  });
}

/** Answers in how many milliseconds something is to be tried again; 1 when there is more to do. */
async function shift(run: Run): Promise<number | null> {
  run.isDirty = false;
  run.isWorking = true;
  show(run);
  const asked = [...run.asked];
  const { stats, answers, more, nextMs, isNamingDue } = await clusterFeedback({ ...run.input, asked });
  for (const { id, state, answer } of answers) run.answers.set(id, { state, answer });
  run.total = {
    clustered: run.total.clustered + stats.clustered,
    new_clusters: run.total.new_clusters + stats.new_clusters,
    updated_clusters: run.total.updated_clusters + stats.updated_clusters,
    embedding_failures: run.total.embedding_failures + stats.embedding_failures,
  };
  if (isNamingDue === true && !run.isNaming) void name(run);
  run.isWorking = more;
  show(run);
  return more ? 1 : nextMs;
}

/** Beside the shifts, so that nothing waits for a model; after it the next shift looks whether there is more to name. */
async function name(run: Run): Promise<void> {
  run.isNaming = true;
  try {
    const { nextMs } = await nameClusters();
    if (nextMs !== null) await condition(() => isLong(), Math.max(namingRestMs, nextMs));
  } catch {
    // Every cluster has a name already: its items' words. The next change asks again.
  }
  run.isNaming = false;
  run.isDirty = true;
}

/** The shift that comes now carries it out. */
async function obey(run: Run, commandId: string): Promise<ClusterCommandAnswer> {
  run.asked.add(commandId);
  run.isDirty = true;
  await condition(() => run.answers.has(commandId));
  const answer = run.answers.get(commandId);
  run.asked.delete(commandId);
  run.answers.delete(commandId);
  return answer ?? { state: 'refused', answer: 'it was not answered' };
}

function refuseBadShape(message: unknown): void {
  if (isUlid((message as { commandId?: unknown } | null | undefined)?.commandId)) return;
  fail(
    'invalid-input',
    'commandId must be the id of a recorded command; use the CLI or the API to give commands',
  );
}

function noteStuck(run: Run, message: unknown): void {
  const note = (message as { note?: unknown } | null | undefined)?.note ?? null;
  if (note !== null && !isShortText(note)) return;
  if (run.stuck === note) return;
  run.stuck = note;
  upsertSearchAttributes([{ key: stuckAttribute, value: note }]);
  show(run);
}

function show({ input, isWorking, stuck, total }: Run): void {
  upsertSearchAttributes([{ key: phaseAttribute, value: isWorking ? 'clustering' : 'waiting' }]);
  const { project } = input;
  setCurrentDetails(
    [
      ...(stuck === null ? [] : [`**Stuck:** ${stuck}`, '']),
      isWorking ? 'Clusters what came in.' : 'Waits for feedback.',
      '',
      `In this run: ${total.clustered} items, ${total.new_clusters} new clusters, ${total.updated_clusters} changed, ${total.embedding_failures} texts that could not be embedded.`,
      '',
      `Status: \`holdfast clusters status --project ${project}\`; everything again: \`holdfast clusters run --project ${project}\``,
    ].join('\n'),
  );
}
