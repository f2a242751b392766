import { bringDown } from '../../infra/stack/down.ts';
import type { Cli } from '../context.ts';

export async function down(cli: Cli): Promise<void> {
  cli.out.progress('stopping the stack');
  const stopped = await bringDown(cli.config);
  cli.out.data({ stopped }, () => (stopped ? 'the stack is down' : 'nothing was running'));
}
