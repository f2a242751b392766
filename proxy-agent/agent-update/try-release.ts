import { execFile } from 'node:child_process';

const checkMs = 20_000;

/** Runs the verb `check` of a release in a process of its own. Answers what is wrong, or null. */
export function tryRelease(file: string, signal: AbortSignal): Promise<string | null> {
  const options = { timeout: checkMs, killSignal: 'SIGKILL', signal, maxBuffer: 1024 * 1024 } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [file, 'check'], options, (error, _stdout, stderr) => {
      if (!error) return resolve(null);
      const why = error.killed ? `no answer in ${checkMs} ms` : stderr.trim().slice(-500) || error.message;
      resolve(`its check failed: ${why}`);
    });
  });
}
