import { readStackRecord, type StackRecord } from '../../infra/stack/record.ts';
import { statusOfStack, type PartStatus, type StackStatus } from '../../infra/stack/status.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit.ts';
import { fields, table } from '../table.ts';

export async function status(cli: Cli): Promise<number> {
  const found = statusOfStack(await readStackRecord(cli.config.home));
  cli.out.data(found, () => statusText(found));
  return found.running ? exitCodes.ok : exitCodes.failed;
}

export function urlLines(urls: StackRecord['urls']): string {
  const lines: (readonly [string, string | null])[] = [
    ['API', urls.api],
    ['API docs', urls.docs],
    ['Temporal UI', urls.temporalUi],
    ['Frontend', urls.frontend],
  ];
  return fields(lines.flatMap(([name, url]) => (url === null ? [] : [[name, url] as const])));
}

function statusText(found: StackStatus): string {
  if (found.urls === null) return 'the stack is down; start it with: holdfast up';
  const { totalPssMiB: total, memoryGoalMiB: goal } = found;
  const memory = `${total} MiB of memory (PSS); the goal is at most ${goal} MiB${total > goal ? ': missed' : ''}`;
  return [
    ...(found.running ? [] : [`the stack is not whole: ${whatIsMissing(found)}`, '']),
    table([['PART', 'STATE', 'PID', 'RESTARTS', 'MIB', 'LAST PROBLEM'], ...found.parts.map(row)]),
    '',
    memory,
    '',
    urlLines(found.urls),
    ...found.notes,
  ].join('\n');
}

function whatIsMissing(found: StackStatus): string {
  if (found.problem !== null) return found.problem;
  if (found.state === 'supervisor-gone')
    return 'its supervisor was killed; holdfast up takes over what it left';
  const missing = found.parts.filter((part) => part.state !== 'running');
  return missing.map((part) => `${part.name} is ${part.state}`).join(', ');
}

function row(part: PartStatus): string[] {
  return [
    part.name,
    part.state,
    part.pid === null ? '-' : String(part.pid),
    String(part.restarts),
    part.pssMiB === null ? '-' : part.pssMiB.toFixed(1),
    part.problem ?? '',
  ];
}
