import type { AuditErasure } from '../../contracts/audit.ts';
import type { Cli } from '../context.ts';
import { required } from '../flags.ts';

interface Flags {
  readonly entry?: string;
  readonly operation?: string;
  readonly principal?: string;
  readonly reason?: string;
}

export async function eraseTexts(cli: Cli, _args: readonly string[], flags: Flags): Promise<void> {
  const { entry, operation, principal } = flags;
  const reason = required('--reason', flags.reason, 'say why; it is kept in the audit');
  const { body } = await cli.api.post<AuditErasure>(cli.path('audit/erasures'), {
    entry,
    operation,
    principal,
    reason,
  });
  cli.out.data(body, () => `the text of ${body.erased} entries is erased`);
}
