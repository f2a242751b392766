import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../infra/net/ports.ts';

/** Writes `service.json`: a service whose secrets are references, to a variable of the worker and to the file `planted` of the folder. */
export async function writeLeakyService(folder: string, variable = 'PLANTED'): Promise<void> {
  const script = join(import.meta.dirname, 'leaky-service.ts');
  const plan = {
    steps: [{ weight: 20, soak: '1s' }, { weight: 50, soak: '1s', gate: true }, { weight: 100 }],
    checks: { interval: '500ms', window: '3s', failureLimit: 1, minRequests: 5 },
    thresholds: { p95: { max: 60_000 }, p99: { max: 60_000 } },
    timeouts: { health: '5s' },
    lease: '30s',
    drainDelay: '100ms',
  };
  const service = {
    name: 'shop',
    start: {
      runtime: 'process',
      command: [process.execPath, script, '{version}'],
      env: {
        FROM_ENV: `env:${variable}`,
        FROM_FILE: `file:${join(folder, 'planted')}`,
      },
    },
    traffic: { provider: 'haproxy', backend: 'web' },
    plan,
  };
  await writeFile(join(folder, 'service.json'), JSON.stringify(service));
}

/** Settings of a stack that meets no other. */
export async function portsOfOurOwn(): Promise<Record<string, string>> {
  const ports: [string, string][] = [];
  for (const name of ['API', 'TEMPORAL', 'UI', 'FRONTEND', 'METRICS', 'SDK_METRICS'])
    ports.push([`HOLDFAST_${name}_PORT`, String(await freePort())]);
  return Object.fromEntries(ports);
}
