import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { loadConfig } from '../config.ts';
import { commandOf, environmentOf, findProcesses, workingFolderOf } from '../infra/process/proc.ts';
import { TallyReporter } from './support/tally-reporter.ts';

/** All tests: the static checks, then one run of vitest. Closes with the line `N passed, N failed`. */
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** Everything that the tests write is in here; others may pass through it, as servers do that run as somebody else. */
const room = mkdtempSync(path.join(tmpdir(), 'hf-'));
chmodSync(room, 0o711);
process.env.TMPDIR = room;
// Workers, APIs and commands are started hundreds of times: what one has compiled the next one takes.
process.env.NODE_COMPILE_CACHE ??= path.join(room, 'compiled');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted);
const tally = new TallyReporter(loadConfig(process.env).ci);
const isWhole = positionals.length === 0;
if (isWhole) tally.count((await staticChecks()) ? 'passed' : 'failed');
await runVitest();
rmSync(room, { recursive: true, force: true });
for (const failure of tally.failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);

/** Leaves nothing behind: what the tests cannot stop any more ends here. It is known by the folder that it works in. */
function interrupted(): never {
  const isOurs = (pid: number): boolean =>
    environmentOf(pid).get('TMPDIR') === room ||
    commandOf(pid).includes(room) ||
    workingFolderOf(pid)?.startsWith(room) === true;
  // Whoever is killed may have started another one just before.
  for (let left = findProcesses(isOurs); left.length > 0; left = findProcesses(isOurs))
    for (const { pid } of left)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
  rmSync(room, { recursive: true, force: true });
  process.stdout.write('interrupted\n');
  process.exit(130);
}

async function staticChecks(): Promise<boolean> {
  const child = spawn(process.execPath, ['infra/verify.ts', '--static'], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

async function runVitest(): Promise<void> {
  const options = { watch: false, provide: { long: values.long }, reporters: ['default', tally] };
  const vitest = await startVitest('test', positionals, options);
  await vitest.close();
}
