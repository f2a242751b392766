import { Type } from 'typebox';
import type { Cluster } from '../../contracts/feedback-clustering.ts';
import { listClusters } from '../../db/feedback-clustering/clusters.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { problems, ProjectParams } from '../schemas.ts';
import { ClusterQuery } from './show.ts';

const pageSize = 500;
const columns = [
  'id',
  'title',
  'state',
  'size',
  'severity',
  'sources',
  'firstSeen',
  'lastSeen',
  'summary',
] as const;

export function registerClusterExport(app: App, { db }: ApiDependencies): void {
  app.get(
    '/clusters.csv',
    {
      config: { needs: 'cluster:read' },
      schema: {
        tags: ['clusters'],
        summary: 'All clusters as CSV (RFC 4180)',
        params: ProjectParams,
        querystring: ClusterQuery,
        response: { 200: { content: { 'text/csv': { schema: Type.String() } } }, ...problems },
      },
    },
    async ({ params, query: { q, ...filter } }, reply) => {
      const lines = [columns.join(',')];
      const asked = { ...filter, ...(q === undefined ? {} : { text: q }) };
      let after: { lastSeen: string; id: string } | null = null;
      for (;;) {
        const page: Cluster[] = await listClusters(db, params.project, { ...asked, after, limit: pageSize });
        for (const cluster of page) lines.push(lineOf(cluster));
        const last = page.at(-1);
        if (last === undefined || page.length < pageSize) break;
        after = { lastSeen: last.lastSeen, id: last.id };
      }
      return reply.type('text/csv; charset=utf-8').send(`${lines.join('\r\n')}\r\n`);
    },
  );
}

function lineOf(cluster: Cluster): string {
  const level = cluster.severity['level'];
  const fields = {
    ...cluster,
    severity: typeof level === 'string' ? level : '',
    sources: cluster.sources.join(' '),
  };
  return columns.map((column) => cell(String(fields[column]))).join(',');
}

/** A cell that a spreadsheet would take for a formula gets a quote in front (OWASP, CSV injection). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
