import type { Operation, OperationEvent } from '../../contracts/operation.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { fields, table } from '../table.ts';

interface ListFlags {
  readonly kind?: string;
  readonly status?: string;
  readonly target?: string;
  readonly limit: string;
}

interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

export async function listRuns(cli: Cli, _args: readonly string[], flags: ListFlags): Promise<void> {
  const { kind, status, target } = flags;
  const limit = integerOf('--limit', flags.limit);
  const { items } = await cli.api.get<Page<Operation>>(cli.path('operations'), {
    kind,
    status,
    target,
    limit,
  });
  cli.out.data(items, () =>
    items.length === 0
      ? 'no operations'
      : table([
          ['ID', 'KIND', 'TARGET', 'STATUS', 'PHASE', 'OUTCOME', 'SUMMARY'],
          ...items.map((run) => [
            run.id,
            run.kind,
            run.target,
            run.status,
            run.phase,
            run.outcome ?? '-',
            run.stuck === null ? run.summary : `STUCK: ${run.stuck}`,
          ]),
        ]),
  );
}

export async function showRun(cli: Cli, [id]: readonly string[]): Promise<void> {
  const operation = await cli.api.get<Operation>(cli.path(`operations/${id}`));
  const events = await eventsOf(cli, operation.id);
  cli.out.data(
    { ...operation, events },
    () => `${runText(operation)}\n\n${events.map(eventLine).join('\n')}`,
  );
}

export async function eventsOf(cli: Cli, id: string): Promise<OperationEvent[]> {
  const events: OperationEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await cli.api.get<Page<OperationEvent>>(cli.path(`operations/${id}/events`), {
      limit: 200,
      cursor,
    });
    events.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return events;
}

function runText(run: Operation): string {
  return fields([
    ['operation', run.id],
    ['kind', run.kind],
    ['target', run.target],
    ['status', `${run.status}${run.outcome === null ? '' : `: ${run.outcome}`}`],
    ['phase', run.phase],
    ['summary', run.summary],
    ['stuck', run.stuck ?? 'no'],
    ...(run.glassBrokenBy == null ? [] : [['GLASS BROKEN', `by ${run.glassBrokenBy}`] as const]),
    ...(run.approvalAttempts
      ? [['attempts', `${run.approvalAttempts} to approve around the API`] as const]
      : []),
    ['started', `${run.createdAt} by ${run.startedBy}`],
    ['finished', run.finishedAt ?? '-'],
    ['workflow', run.workflowId],
  ]);
}

/** One line of a timeline for people. */
export function eventLine(event: OperationEvent): string {
  return `${event.at.slice(11, 23)}  ${event.type.padEnd(20)}  ${event.summary}`;
}
