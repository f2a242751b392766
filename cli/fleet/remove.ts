import type { Cli } from '../context.ts';
import { required } from '../flags.ts';

export async function removeProxy(
  cli: Cli,
  [name = '']: readonly string[],
  flags: { reason?: string },
): Promise<void> {
  const reason = required('--reason', flags.reason, 'say why; it is kept in the audit');
  await cli.api.delete(cli.path(`fleet/${encodeURIComponent(name)}`), { reason });
  cli.out.data(
    { removed: name },
    () => `${name} is removed and the key of its agent is revoked; its HAProxy goes on as it is`,
  );
}
