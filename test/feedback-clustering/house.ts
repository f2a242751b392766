import { ulid } from 'ulid';
import { workShift, type Desks, type ShiftResult } from '../../activities/feedback-clustering/shift.ts';
import type { FeedbackClusteringTools } from '../../activities/feedback-clustering/tools.ts';
import { clusteringThreads, sharedRows } from '../../clustering-threads/clustering-threads.ts';
import { similarityIndex } from '../../clustering-threads/similarity-index.ts';
import { connect, connectUnwalled, type Db } from '../../db/connect.ts';
import { ensureClustering } from '../../db/feedback-clustering/operation.ts';
import { insertCommand } from '../../db/command.ts';
import { receive } from '../../db/feedback/receive.ts';
import { inProject } from '../../db/scope.ts';
import type { ClusterCommandFields } from '../../contracts/feedback-clustering.ts';
import type { Report } from '../../domain/feedback/report.ts';
import { report } from '../feedback/reports.ts';
import { testDatabase } from '../support/postgres.ts';

export const project = 'default';

/** A project with a database and what keeps its clusters; no Temporal. */
export interface ClusterHouse {
  readonly eyes: Db;
  readonly tools: FeedbackClusteringTools;
  readonly operationId: string;
  /** A report comes in, as its own delivery. */
  tell(overrides: Partial<Report>): Promise<string>;
  /** Shifts until nothing is left, on the desk of the shift before. */
  work(): Promise<ShiftResult>;
  /** As a worker that has just been started. */
  forget(): void;
  command(input: ClusterCommandFields): Promise<string>;
  /** Titles by cluster, the largest first; singletons last. */
  groups(): Promise<string[][]>;
  clusterOf(title: string): Promise<string>;
  close(): Promise<void>;
}

export async function openClusterHouse(
  overrides: Partial<FeedbackClusteringTools> = {},
): Promise<ClusterHouse> {
  const database = await testDatabase();
  const [db, eyes] = [connect(database.url), connectUnwalled(database.url)];
  const threads = clusteringThreads({ count: 1 });
  const tools: FeedbackClusteringTools = {
    ...{ db, threads, createIndex: similarityIndex, sharedRows, embedding: null },
    ...{ languageModel: null, newId: () => ulid() },
    clustering: { method: 'agglomerative', threshold: 0.4, minSize: 2, truncateBodyChars: 1500 },
    ...overrides,
  };
  let desks: Desks = new Map();
  const operationId = await ensureClustering(eyes, project, ulid);
  return {
    ...{ eyes, tools, operationId },
    async tell(given) {
      const told = report({ externalId: ulid(), ...given });
      const delivery = {
        project,
        source: 'manual',
        deliveryId: ulid(),
        reports: [told],
        newId: () => ulid(),
      };
      return (await inProject(project, () => receive(db, delivery))).itemId ?? '';
    },
    async work() {
      for (;;) {
        const input = { operationId, project, asked: [] };
        const result = await inProject(project, () =>
          workShift(tools, desks, input, new AbortController().signal),
        );
        if (!result.more) return result;
      }
    },
    forget: () => void (desks = new Map()),
    async command({ kind, ...body }) {
      const id = ulid();
      const asked = { id, operationId, project, target: 'clusters', capability: 'feedback-clustering' };
      const given = { ...asked, kind, body, principal: 'ada', key: id, fingerprint: id };
      await insertCommand(eyes, given);
      return id;
    },
    async groups() {
      const rows = await eyes.selectFrom('feedback_item').select(['title', 'cluster_id']).execute();
      const byCluster = new Map<string, string[]>();
      for (const { title, cluster_id: id } of rows)
        byCluster.set(id ?? 'none', [...(byCluster.get(id ?? 'none') ?? []), title]);
      return [...byCluster.values()]
        .map((titles) => titles.sort())
        .sort((a, b) => b.length - a.length || ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
    },
    async clusterOf(title) {
      const row = await eyes
        .selectFrom('feedback_item')
        .select('cluster_id')
        .where('title', '=', title)
        .executeTakeFirstOrThrow();
      return row.cluster_id ?? '';
    },
    async close() {
      await threads.close();
      await Promise.all([db.destroy(), eyes.destroy()]);
      await database.close();
    },
  };
}
