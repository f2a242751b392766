import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../config.ts';
import { OpsError } from '../../domain/errors.ts';
import { isExecutable } from '../process/executable.ts';
import { bringGo } from './go.ts';
import { say } from './say.ts';

/** Run under the lock of the target: `temporal-build.ts TARGET VERSION`. */
const [target = '', version = ''] = process.argv.slice(2);

try {
  if (!(await isExecutable(target))) await build();
} catch (error) {
  if (!(error instanceof OpsError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  const config = loadConfig(process.env);
  const go = await bringGo(config);
  say(`building Temporal ${version}, server and UI, with Go (about 4 minutes, once a machine)`);
  const part = `${target}.${process.pid}`;
  const started = performance.now();
  try {
    await goBuild(go, part);
    await rename(part, target);
  } finally {
    await rm(part, { force: true });
  }
  say(`built Temporal ${version} in ${Math.round((performance.now() - started) / 1000)} s`);
}

async function goBuild(go: string, output: string): Promise<void> {
  const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
  const args = [
    'build',
    '-trimpath',
    `-ldflags=${flags}`,
    '-o',
    output,
    'github.com/temporalio/cli/cmd/temporal',
  ];
  const child = spawn(go, args, {
    cwd: fileURLToPath(new URL('../temporal', import.meta.url)),
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOTOOLCHAIN: 'auto',
      GOFLAGS: '-buildvcs=false -mod=readonly',
      GOWORK: 'off',
    },
    stdio: ['ignore', 2, 2],
  });
  const progress = setInterval(() => say('still building Temporal'), 30_000);
  const [code] = (await once(child, 'exit').finally(() => clearInterval(progress))) as [number | null];
  if (code !== 0) throw new OpsError('unavailable', `go build of Temporal ended with ${code}`);
}
