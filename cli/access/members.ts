import type { Member, MemberList } from '../../contracts/access.ts';
import type { Cli } from '../context.ts';
import { table } from '../table.ts';

export async function listMembers(cli: Cli): Promise<void> {
  const { items } = await cli.api.get<MemberList>(cli.path('members'));
  cli.out.data(items, () => membersText(items));
}

export async function setMember(
  cli: Cli,
  [principal = '']: readonly string[],
  { role = [], service }: { role?: string[]; service?: boolean },
): Promise<void> {
  const path = cli.path(`members/${encodeURIComponent(principal)}`);
  const kind = service === true ? { kind: 'service' } : {};
  const { items } = await cli.api.put<MemberList>(path, { roles: role, ...kind });
  cli.out.data(items, () => membersText(items));
}

function membersText(items: readonly Member[]): string {
  const rows = items.map((item) => [
    item.principal,
    item.kind,
    item.roles.join(', '),
    item.everywhere ? 'everywhere' : 'here',
  ]);
  return table([['PRINCIPAL', 'KIND', 'ROLES', 'WHERE'], ...rows]);
}
