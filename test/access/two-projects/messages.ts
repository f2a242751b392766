import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { ulid } from 'ulid';
import {
  createCanaryRolloutActivities,
  createCanaryRolloutRecords,
} from '../../../activities/canary-rollout/index.ts';
import { createNotificationActivities } from '../../../activities/notification/index.ts';
import { createFeedbackClusteringActivities } from '../../../activities/feedback-clustering/index.ts';
import { loadConfig } from '../../../config.ts';
import { createClusteringParts } from '../../../workers/clustering-parts.ts';
import { createFeedbackActivities } from '../../../activities/feedback/index.ts';
import type { FeedbackPollers } from '../../../providers/feedback-source/index.ts';
import { createMemoryNotifier } from '../../../providers/notifier/memory.ts';
import { createMemoryProbe } from '../../../providers/probe/memory.ts';
import { createMemoryRuntime } from '../../../providers/runtime/memory.ts';
import { createSecrets } from '../../../providers/secret/reference.ts';
import { createMemoryTraffic } from '../../../providers/traffic/memory.ts';
import { createProjectScope } from '../../../workers/project-scope.ts';
import type { House } from './house.ts';
import type { Known } from './rows.ts';

/** What a workflow of `south` asks of its worker: an activity, with whatever ids were typed into its start or into a message. */
export interface Message {
  readonly workflowId: string;
  readonly activity: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Worker {
  readonly activities: readonly string[];
  /** The result or the failure, as text; both go to the history, which whoever started the workflow can read. */
  do(message: Message): Promise<string>;
}

/** The activities as a worker has them, behind the interceptor of the project; what they would do to the world stays in memory. */
export function createWorker({ db }: House): Worker {
  const runtime = createMemoryRuntime();
  const notifier = createMemoryNotifier({ limitMs: 100 });
  const tools = {
    ...{ db, traffic: createMemoryTraffic({}), probe: createMemoryProbe() },
    runtimes: { process: runtime, docker: runtime },
    notifiers: { webhook: notifier, slack: notifier, email: notifier },
    ...{ pollers: nothingNew, redditSubreddits: [], newId: () => ulid() },
    ...{ secrets: createSecrets({ HOOK_SECRET: 'x', SUE: 'y' }), publicUrl: null, chance: () => 0 },
  };
  // The watch judges for as long as a step soaks; what it reads, the other steps read as well.
  const { watchRollout: _, ...rollout } = createCanaryRolloutActivities(tools);
  const activities: Record<string, unknown> = {
    ...rollout,
    ...createCanaryRolloutRecords(tools),
    ...createNotificationActivities(tools),
    ...createFeedbackActivities(tools),
    ...createFeedbackClusteringActivities({
      db,
      ...createClusteringParts(loadConfig({}).clustering, null),
    }),
  };
  const scope = createProjectScope(db);
  return {
    activities: Object.keys(activities),
    async do({ workflowId, activity, input }) {
      const info = { workflowExecution: { workflowId, runId: 'run' }, activityType: activity };
      const work = activities[activity] as (given: unknown) => Promise<unknown>;
      const next = ({ args }: { args: unknown[] }): Promise<unknown> => work(args[0]);
      try {
        const result: unknown = await new MockActivityEnvironment(info, {
          logger: new DefaultLogger('ERROR'),
        }).run(() => scope.execute({ args: [input], headers: {} }, next));
        return JSON.stringify(result ?? null);
      } catch (error) {
        return `${String(error)} ${JSON.stringify(error)}`;
      }
    },
  };
}

/** A page without an entry: it would be kept with its place. */
const page = { kind: 'page', entries: [], place: { seen: 'now' }, isEnd: true, restMs: 0 } as const;
const poller = { next: () => Promise.resolve(page) };
const nothingNew: FeedbackPollers = { github: poller, gitlab: poller, reddit: poller };

/** Ids of both projects, mixed as somebody would who tries. */
export function anyMessage(worker: Worker, north: Known, south: Known): fc.Arbitrary<Message> {
  const both = (list: (of: Known) => readonly string[]): fc.Arbitrary<string> =>
    fc.constantFrom(...list(north), ...list(south));
  const input = fc.record({
    operationId: both((of) => of.operations),
    deliveryId: both((of) => of.deliveries),
    decisionId: both((of) => of.decisions),
    commandId: both((of) => of.commands),
    subject: both((of) => of.subjects),
    state: fc.constantFrom('accepted', 'refused', 'cancelled'),
    step: fc.nat(2),
    weight: fc.constantFrom(10, 100),
    source: fc.constantFrom('gh', 'own', 'other'),
    project: fc.constantFrom('north', 'south'),
    part: fc.constantFrom('acme/shop', 'acme/north-secret-repository'),
    seq: fc.integer({ min: 1, max: 5 }),
  });
  const fixed = {
    ...{
      token: 1,
      changeId: 'c',
      verifyMs: 5,
      leaseMs: 1000,
      healthMs: 5,
      evidence: null,
      waitsMs: [],
      notes: [],
      asked: [],
    },
    ...{
      type: 'note',
      summary: 'typed by hand',
      detail: {},
      outcome: 'aborted',
      answer: 'no',
      reason: 'no',
      drainMs: 1,
    },
  };
  return fc
    .record({ activity: fc.constantFrom(...worker.activities), given: input })
    .map(({ activity, given }) => {
      const { operationId: _, ...rest } = given;
      const isNotification = activity === 'deliver' || activity === 'settleDelivery';
      const workflowId = `${isNotification ? 'notification' : 'canary-rollout'}/south/web`;
      return { workflowId, activity, input: { ...fixed, ...(isNotification ? rest : given) } };
    });
}
