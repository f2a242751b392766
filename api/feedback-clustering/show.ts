import { Type } from 'typebox';
import { Name, ref, Ulid } from '../../contracts/common.ts';
import {
  ClusterDetail,
  ClusterPage,
  ClusterState,
  MembershipWhy,
  type Cluster,
} from '../../contracts/feedback-clustering.ts';
import {
  listClusters,
  listMembers,
  occurrencesOf,
  requireCluster,
  type HourCount,
} from '../../db/feedback-clustering/clusters.ts';
import { OpsError } from '../../domain/errors.ts';
import { trendOf } from '../../domain/feedback-clustering/trend.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { Cursor, IdParams, Limit, problems, ProjectParams } from '../schemas.ts';
import { explain } from './explain.ts';

const tags = ['clusters'];
const membersShown = 100;
const trendDays = 8;
const hourMs = 3_600_000;

export const ClusterQuery = Type.Object({
  state: Type.Optional(ClusterState),
  source: Type.Optional(
    Type.String({ maxLength: 63, description: 'Only clusters with an item of this source' }),
  ),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Words that all stand in its title, summary or an item',
    }),
  ),
  all: Type.Optional(Type.Boolean({ description: 'Clusters of a single item too' })),
});

export function registerClusters(app: App, { db }: ApiDependencies): void {
  app.get(
    '/clusters',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary: 'List and search clusters, those seen last first',
        params: ProjectParams,
        querystring: Type.Object({ ...ClusterQuery.properties, limit: Limit, cursor: Cursor }),
        response: { 200: ref(ClusterPage), ...problems },
      },
    },
    async ({ params, query }) => {
      const { limit = 50, cursor, q, ...filter } = query;
      const asked = { ...filter, ...(q === undefined ? {} : { text: q }) };
      const rows = await listClusters(db, params.project, {
        ...asked,
        after: afterOf(cursor),
        limit: limit + 1,
      });
      return pageOf(rows, limit, keyOf);
    },
  );
  app.get(
    '/clusters/:id',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary:
          'Show a cluster with its newest members; an id that is gone leads to the cluster that has its items',
        params: IdParams,
        response: { 200: ref(ClusterDetail), ...problems },
      },
    },
    async ({ params: { project, id } }) => {
      const cluster = await requireCluster(db, project, id);
      const [members, counts] = await Promise.all([
        listMembers(db, project, cluster.id, membersShown),
        occurrencesOf(db, project, cluster.id, trendDays),
      ]);
      return { cluster, members, trend: { ...trendOf(byHour(counts, Date.now())) } };
    },
  );
  app.get(
    '/clusters/:id/members/:item',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags,
        summary:
          'Why an item is in its cluster: shared terms, nearest item, similarity, margin to the next cluster',
        params: Type.Object({ project: Name, id: Ulid, item: Ulid }),
        response: { 200: ref(MembershipWhy), ...problems },
      },
    },
    async ({ params: { project, id, item } }) => {
      const cluster = await requireCluster(db, project, id);
      return explain(db, project, cluster, item);
    },
  );
}

/** Every hour since the first one, up to the present one, with those in which nothing happened. */
function byHour(counts: readonly HourCount[], nowMs: number): number[] {
  const [first] = counts;
  if (first === undefined) return [];
  const known = new Map(counts.map(({ hour, count }) => [Date.parse(hour), count]));
  const hours: number[] = [];
  for (let hour = Date.parse(first.hour); hour <= nowMs; hour += hourMs) hours.push(known.get(hour) ?? 0);
  return hours;
}

function keyOf({ lastSeen, id }: Cluster): string {
  return `${lastSeen} ${id}`;
}

export function afterOf(cursor: string | undefined): { lastSeen: string; id: string } | null {
  const key = decodeCursor(cursor);
  if (key === null) return null;
  const [lastSeen = '', id = ''] = key.split(' ');
  if (!Number.isNaN(Date.parse(lastSeen)) && id !== '') return { lastSeen, id };
  throw new OpsError('invalid-input', 'the cursor is not one of ours: take `next` of the page before', {
    errors: [{ pointer: 'querystring/cursor', detail: 'is not a cursor' }],
  });
}
