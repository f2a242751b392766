import type { Cli } from './context.ts';
import { CliError, exitCodes } from './exit.ts';
import { millisecondsOf } from './flags.ts';

/** Waits for work at most as long as --timeout says; then exit code 6, while the run goes on. */
export async function within<T>(cli: Cli, timeout: string | undefined, work: Promise<T>): Promise<T> {
  if (timeout === undefined) return work;
  const limitMs = millisecondsOf('--timeout', timeout);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const again = cli.reattach();
      const back = again === null ? '' : `; come back with: ${again}`;
      reject(new CliError(exitCodes.timeout, `not finished within ${timeout}, it goes on${back}`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
