import { AuditReconciliation } from '../../contracts/audit.ts';
import { ref } from '../../contracts/common.ts';
import { entriesOfOperation, runOfOperation } from '../../db/audit/entries.ts';
import { reconcile } from '../../domain/audit/reconcile.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { requireOperation } from '../require-operation.ts';
import { IdParams, problems } from '../schemas.ts';
import { readHistory } from './histories.ts';

/** GET operations/:id/audit/reconciliation, while Temporal still keeps the history. */
export function registerAuditReconciliation(app: App, { db, temporal }: ApiDependencies): void {
  app.get(
    '/operations/:id/audit/reconciliation',
    {
      config: { needs: 'audit:read' },
      schema: {
        tags: ['audit'],
        summary: 'What the history of an operation tells and its audit does not, and the reverse',
        params: IdParams,
        response: { 200: ref(AuditReconciliation), ...problems },
      },
    },
    async ({ params: { project, id } }) => {
      const { workflowId } = await requireOperation(db, project, id);
      const entries = await entriesOfOperation(db, project, id);
      const run = await runOfOperation(db, id);
      const current = run === null ? [] : [{ workflow: workflowId, run }];
      const runs = distinct([...current, ...entries.flatMap(({ by }) => by ?? [])]);
      const client = await temporal();
      const found = await Promise.all(runs.map((one) => readHistory(client, one.workflow, one.run)));
      const histories = found.filter((history) => history !== null);
      return {
        operation: id,
        runs: histories.map(({ run }) => run),
        entries: entries.length,
        differences: reconcile(histories, entries),
      };
    },
  );
}

interface Run {
  readonly workflow: string;
  readonly run: string;
}

function distinct(runs: readonly Run[]): Run[] {
  return [...new Map(runs.map((one) => [`${one.workflow}/${one.run}`, one])).values()];
}
