import type { DesiredServer } from '../contracts/proxy.ts';
import { planCommands, type Command } from './plan.ts';
import type { ServerRow, Snapshot } from './snapshot.ts';
import type { Ask } from './socket.ts';

export interface Applied {
  /** Commands that were sent; 0 when HAProxy was already as wanted. */
  readonly sent: number;
  /** What HAProxy refused, or null. */
  readonly fault: string | null;
}

/** Answers that mean done; everything else that HAProxy says is a refusal. */
const fine = [/^$/, /^New server registered\.$/, /^Server deleted\.$/, /^(no need to change|.*changed from)/];
/** Refusals that the next look settles. */
const later = [/still has connections/i];

/**
 * Sends what is missing to bring one backend to `wanted`. Idempotent. `isWanted` is asked before each command that raises: a
 * program that was stopped in between must not raise what has been taken back since.
 */
export async function applyBackend(
  ask: Ask,
  snapshot: Snapshot,
  backend: string,
  wanted: readonly DesiredServer[],
  isWanted: () => boolean,
): Promise<Applied> {
  if (!snapshot.backends.some((row) => row.name === backend)) {
    return { sent: 0, fault: `HAProxy has no backend ${backend}` };
  }
  const commands = planCommands(backend, wanted, rowsOf(snapshot, backend));
  const faults: string[] = [];
  for (const command of commands) {
    if (command.raises && !isWanted()) return { sent: commands.length, fault: 'it was taken back meanwhile' };
    const fault = await send(ask, command);
    if (fault !== null) faults.push(fault);
  }
  return { sent: commands.length, fault: faults[0] ?? null };
}

/** What still differs from `wanted`, or null: the read-back. Servers on their way out count only while they have a weight. */
export function readBackFault(
  snapshot: Snapshot,
  backend: string,
  wanted: readonly DesiredServer[],
): string | null {
  const rows = rowsOf(snapshot, backend).filter((row) => !row.backup);
  for (const server of wanted) {
    const row = rows.find((candidate) => candidate.name === server.name);
    if (!row) return `server ${server.name} is missing`;
    if (row.weight !== server.weight) return `server ${server.name} reads back weight ${row.weight}`;
    if (row.address !== server.address) return `server ${server.name} reads back address ${row.address}`;
    if (row.maintenance) return `server ${server.name} is in maintenance`;
  }
  const extra = rows.find(
    (row) => row.weight > 0 && !row.maintenance && !wanted.some((server) => server.name === row.name),
  );
  return extra ? `server ${extra.name} still has weight ${extra.weight}` : null;
}

export function rowsOf(snapshot: Snapshot, backend: string): ServerRow[] {
  return snapshot.servers.filter((row) => row.backend === backend);
}

async function send(ask: Ask, command: Command): Promise<string | null> {
  const answer = (await ask(command.line)).trim();
  if ([...fine, ...later].some((pattern) => pattern.test(answer))) return null;
  return `"${command.line}" was answered: ${answer}`;
}
