import type { AuditKey } from '../../contracts/audit.ts';
import type { Cli } from '../context.ts';

export async function showKey(cli: Cli): Promise<void> {
  const shown = await cli.api.get<AuditKey>(cli.path('audit/key'));
  cli.out.data(shown, () => shown.key);
}
