import type {
  ClusterCommand,
  ClusterCommandFields,
  ClusterEdit,
} from '../../contracts/feedback-clustering.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { table } from '../table.ts';

interface Flags {
  readonly reason?: string;
}

export const merge = (cli: Cli, [cluster = '', into = '']: readonly string[], flags: Flags): Promise<void> =>
  command(cli, { kind: 'merge', cluster, into }, flags);

export const split = (cli: Cli, [cluster = '', ...items]: readonly string[], flags: Flags): Promise<void> =>
  command(cli, { kind: 'split', cluster, items }, flags);

export const move = (cli: Cli, items: readonly string[], flags: Flags & { to: string }): Promise<void> =>
  command(cli, { kind: 'move', items: [...items], to: flags.to }, flags);

export const lock = (
  cli: Cli,
  [cluster = '']: readonly string[],
  flags: Flags & { closed?: boolean },
): Promise<void> =>
  command(cli, { kind: 'lock', cluster, mode: flags.closed === true ? 'closed' : 'open' }, flags);

export const unlock = (cli: Cli, [cluster = '']: readonly string[], flags: Flags): Promise<void> =>
  command(cli, { kind: 'unlock', cluster }, flags);

export const link = (cli: Cli, items: readonly string[], flags: Flags): Promise<void> =>
  command(cli, { kind: 'must-link', items: [...items] }, flags);

export const unlink = (
  cli: Cli,
  items: readonly string[],
  flags: Flags & { from: string[] },
): Promise<void> => command(cli, { kind: 'cannot-link', items: [...items], from: flags.from }, flags);

export const rename = (
  cli: Cli,
  [cluster = '', title = '']: readonly string[],
  flags: Flags,
): Promise<void> => command(cli, { kind: 'rename', cluster, title }, flags);

export const setState = (
  cli: Cli,
  [cluster = '', state = '']: readonly string[],
  flags: Flags & { release?: string },
): Promise<void> => {
  const { release } = flags;
  const input = { kind: 'set-state', cluster, state, ...(release === undefined ? {} : { release }) };
  return command(cli, input as ClusterCommandFields, flags);
};

export const undo = (cli: Cli, [edit = '']: readonly string[], flags: Flags): Promise<void> =>
  command(cli, { kind: 'undo', edit }, flags);

export async function listEdits(cli: Cli, _args: readonly string[], flags: { limit: string }): Promise<void> {
  const query = { limit: integerOf('--limit', flags.limit) };
  const { items } = await cli.api.get<{ items: ClusterEdit[] }>(cli.path('clusters/edits'), query);
  cli.out.data(items, () =>
    items.length === 0
      ? 'nobody has edited a cluster'
      : table([
          ['EDIT', 'KIND', 'BY', 'AT', 'UNDONE BY'],
          ...items.map((edit) => [edit.id, edit.kind, edit.editedBy, edit.at, edit.undoneBy ?? '-']),
        ]),
  );
}

async function command(cli: Cli, input: ClusterCommandFields, { reason }: Flags): Promise<void> {
  const body = reason === undefined ? input : { ...input, reason };
  const { body: done } = await cli.api.post<ClusterCommand>(cli.path('clusters/commands'), body);
  const undoing = done.kind === 'undo' ? '' : `; take it back: holdfast clusters undo ${done.id}`;
  cli.out.data(done, () =>
    done.state === 'pending'
      ? `${done.id} is recorded and nobody has answered yet; it will be carried out`
      : `${done.answer ?? done.state}${undoing}`,
  );
}
