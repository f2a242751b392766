import { runCli } from '../../cli/program.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON. */
  json(): any; // eslint-disable-line @typescript-eslint/no-explicit-any -- each test looks at its part
}

/** One command line in this process, as cli/main.ts runs it, with both streams kept apart. */
export async function holdfast(
  apiUrl: string,
  key: string,
  argv: readonly string[],
  interruptAfterMs?: number,
): Promise<Run> {
  const text = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: false,
    write: (chunk: unknown) => {
      text[name] += String(chunk);
      return true;
    },
  });
  const code = await runCli(argv, {
    env: { HOLDFAST_API_URL: apiUrl, HOLDFAST_API_KEY: key, HOME: '/nonexistent' },
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    onInterrupt(listener) {
      const timer = interruptAfterMs === undefined ? undefined : setTimeout(listener, interruptAfterMs);
      return () => clearTimeout(timer);
    },
  });
  return { code, ...text, json: () => JSON.parse(text.stdout) as unknown };
}
