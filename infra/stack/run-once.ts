import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { OpsError } from '../../domain/errors.ts';
import { programFile, type Layout } from './layout.ts';
import { lastWords, withLogFile } from './log-file.ts';

/** Runs one of our programs to its end; what it says goes to a log of the stack. Throws `unavailable` with its last words. */
export async function runOnce(
  program: string,
  args: readonly string[],
  { home, name, env }: { home: string; name: string; env: Layout['env'] },
  ended?: AbortSignal,
): Promise<void> {
  const child = withLogFile(home, name, (log) =>
    spawn(process.execPath, [programFile(program), ...args], { cwd: home, env, stdio: ['ignore', log, log] }),
  );
  const end = (): void => void child.kill('SIGKILL');
  ended?.addEventListener('abort', end, { once: true });
  if (ended?.aborted) end();
  const [code] = (await once(child, 'exit')) as [number | null];
  ended?.removeEventListener('abort', end);
  if (code === 0) return;
  const said = await lastWords(home, name);
  throw new OpsError('unavailable', `${program} ${args.join(' ')} ended with code ${code}: ${said}`);
}
