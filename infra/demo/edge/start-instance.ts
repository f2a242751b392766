import { spawn } from 'node:child_process';
import { withLogFile } from '../../stack/log-file.ts';

export interface Instance {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts a process that no Ctrl-C reaches and that outlives a demo which is kept: `holdfast down` finds it by the marks that instances
 * of releases carry. Answers whether it has ended.
 */
export function startInstance(home: string, { name, file, args, env }: Instance): () => boolean {
  const child = withLogFile(home, name, (log) =>
    spawn(file, args, {
      cwd: home,
      env: { PATH: process.env.PATH, ...env, HOLDFAST_HOME: home, HOLDFAST_INSTANCE: name },
      detached: true,
      stdio: ['ignore', log, log],
    }),
  );
  let fault = false;
  // Whoever waits for it says that it did not come.
  child.on('error', () => (fault = true));
  child.unref();
  return () => fault || child.exitCode !== null || child.signalCode !== null;
}
