import type { AuditReconciliation } from '../../contracts/audit.ts';
import type { Cli } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit.ts';
import { table } from '../table.ts';

/** Exit code 1 when one side tells what the other does not. */
export async function reconcileAudit(cli: Cli, [operation = '']: readonly string[]): Promise<ExitCode> {
  const path = cli.path(`operations/${encodeURIComponent(operation)}/audit/reconciliation`);
  const found = await cli.api.get<AuditReconciliation>(path);
  const { differences, entries, runs } = found;
  cli.out.data(found, () =>
    differences.length === 0
      ? `${entries} entries and the history of ${runs.length} runs tell the same`
      : table([
          ['WHAT', 'SIDE', 'RUN', 'ENTRY'],
          ...differences.map(({ what, side, run, entry }) => [what, side, run, entry ?? '-']),
        ]),
  );
  return differences.length === 0 ? exitCodes.ok : exitCodes.failed;
}
