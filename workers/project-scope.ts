import { activityInfo } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { Db } from '../db/connect.ts';
import { isRowOf } from '../db/own-row.ts';
import { inEveryProject, inProject } from '../db/scope.ts';
import { OpsError } from '../domain/errors.ts';
import { toFailure } from './failures.ts';

/** The one workflow that looks after every project. */
const installationWorkflow = 'reconciliation';
const rememberAtMost = 10_000;

/**
 * Both walls between projects for what workers do. The project is that of the workflow's own id, `<kind>/<project>/<rest>`, which
 * nobody can change once it runs; and what an activity is asked to work on must be a row of that project: an id of another one, typed
 * into a start or a message in the Temporal UI, is refused before anything is read of it.
 */
export function createProjectScope(db: Db): Required<Pick<ActivityInboundCallsInterceptor, 'execute'>> {
  const known = new Set<string>();

  async function requireOwn(project: string, workedOn: WorkedOn | null): Promise<void> {
    if (workedOn === null) return;
    const name = `${project}/${workedOn.table}/${workedOn.id}`;
    if (known.has(name)) return;
    if (!(await isRowOf(db, project, workedOn))) {
      const what = workedOn.table.replace('_', ' ');
      throw refused('not-found', `project ${project} has no ${what} ${workedOn.id}`);
    }
    if (known.size >= rememberAtMost) known.clear();
    known.add(name);
  }

  return {
    execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
      if (workflowId === installationWorkflow) return inEveryProject(() => next(input));
      const project = projectOf(workflowId);
      return inProject(project, async () => {
        await requireOwn(project, workedOnBy(input.args[0]));
        return next(input);
      });
    },
  };
}

function projectOf(workflowId: string): string {
  const project = /^[^/]+\/([a-z0-9][a-z0-9-]*)\/./.exec(workflowId)?.[1];
  if (project !== undefined) return project;
  throw refused('invalid-input', `the workflow id ${workflowId} names no project: it is KIND/PROJECT/TARGET`);
}

interface WorkedOn {
  readonly table: 'operation' | 'notification_delivery';
  readonly id: string;
}

function workedOnBy(input: unknown): WorkedOn | null {
  const { operationId, deliveryId } = (input ?? {}) as { operationId?: unknown; deliveryId?: unknown };
  if (typeof operationId === 'string') return { table: 'operation', id: operationId };
  if (typeof deliveryId === 'string') return { table: 'notification_delivery', id: deliveryId };
  return null;
}

/** For Temporal as it is: the one mapper of failures works inside the scope. */
function refused(code: 'not-found' | 'invalid-input', why: string): unknown {
  return toFailure(new OpsError(code, why));
}
