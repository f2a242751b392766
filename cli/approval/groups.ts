import type { ApproverGroup, ApproverGroupList } from '../../contracts/approval.ts';
import type { Cli } from '../context.ts';
import { table } from '../table.ts';

export async function listGroups(cli: Cli): Promise<void> {
  const { items } = await cli.api.get<ApproverGroupList>(cli.path('groups'));
  cli.out.data(items, () => groupsText(items));
}

interface SetFlags {
  readonly member?: string[];
  readonly claim?: string;
}

export async function setGroup(
  cli: Cli,
  [name = '']: readonly string[],
  { member = [], claim }: SetFlags,
): Promise<void> {
  const body = { members: member, ...(claim === undefined ? {} : { claim }) };
  const { items } = await cli.api.put<ApproverGroupList>(
    cli.path(`groups/${encodeURIComponent(name)}`),
    body,
  );
  cli.out.data(items, () => groupsText(items));
}

export async function removeGroup(cli: Cli, [name = '']: readonly string[]): Promise<void> {
  await cli.api.delete(cli.path(`groups/${encodeURIComponent(name)}`));
  cli.out.data({ name, removed: true }, () => `removed ${name}`);
}

function groupsText(groups: readonly ApproverGroup[]): string {
  if (groups.length === 0) return 'there is no group; make one: holdfast groups set NAME --member WHO';
  const rows = groups.map(({ name, members, claim }) => [name, members.join(', '), claim ?? '']);
  return table([['GROUP', 'MEMBERS', 'CLAIM'], ...rows]);
}
