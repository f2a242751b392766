import type { ApprovalList } from '../../contracts/approval.ts';
import type { Cli } from '../context.ts';
import { table } from '../table.ts';

export async function listApprovals(
  cli: Cli,
  _args: readonly string[],
  { mine }: { mine?: boolean },
): Promise<void> {
  const query = mine === true ? { waiting: 'me' } : {};
  const { items } = await cli.api.get<ApprovalList>(cli.path('approvals'), query);
  const rows = items.map((item) => [
    item.operationId,
    item.target,
    item.requestedBy,
    `${item.missing} more${item.waitsFor.length === 0 ? '' : ` of ${item.waitsFor.join(', ')}`}`,
    item.deadline ?? '',
    item.mayApprove ? `holdfast approvals approve ${item.operationId}` : 'not by you',
  ]);
  cli.out.data(items, () =>
    items.length === 0
      ? 'nothing waits for an approval'
      : table([['OPERATION', 'TARGET', 'ASKED BY', 'MISSING', 'DEADLINE', 'ANSWER'], ...rows]),
  );
}
