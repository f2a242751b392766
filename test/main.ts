import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { loadConfig } from '../config.ts';
import { TallyReporter } from './support/tally-reporter.ts';

/** All tests: the static checks, then one run of vitest. Closes with the line `N passed, N failed`. */
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

// Workers, APIs and commands are started hundreds of times: what one has compiled the next one takes.
const compiled = mkdtempSync(path.join(tmpdir(), 'holdfast-compiled-'));
process.env.NODE_COMPILE_CACHE ??= compiled;
const tally = new TallyReporter(loadConfig(process.env).ci);
const isWhole = positionals.length === 0;
if (isWhole) tally.count((await staticChecks()) ? 'passed' : 'failed');
await runVitest();
rmSync(compiled, { recursive: true, force: true });
for (const failure of tally.failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);

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
