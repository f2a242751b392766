import type { AuditEntryPage } from '../../contracts/audit.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { table } from '../table.ts';

interface Flags {
  readonly operation?: string;
  readonly limit: string;
}

export async function listAudit(cli: Cli, _args: readonly string[], flags: Flags): Promise<void> {
  const { items } = await cli.api.get<AuditEntryPage>(cli.path('audit/entries'), {
    operation: flags.operation,
    limit: integerOf('--limit', flags.limit),
  });
  cli.out.data(items, () =>
    items.length === 0
      ? 'nothing is sealed yet'
      : table([
          ['SEQ', 'AT', 'WHO', 'ACTION', 'SUBJECT', 'TEXT', 'ENTRY'],
          ...items.map((entry) => [
            String(entry.seq ?? '-'),
            entry.at,
            entry.principal,
            entry.action,
            entry.subject,
            Object.values(entry.texts ?? {}).join('; '),
            entry.id,
          ]),
        ]),
  );
}
