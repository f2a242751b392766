import { join } from 'node:path';
import { createDockerRuntime } from '../../providers/runtime/docker.ts';
import { createMemoryRuntime } from '../../providers/runtime/memory.ts';
import { createProcessRuntime } from '../../providers/runtime/process.ts';
import type { InstanceSpec, Runtime } from '../../providers/runtime/runtime.ts';
import { importSampleImage } from './docker-image.ts';
import { startDockerEngine } from './docker.ts';
import { processesOf } from './marked-processes.ts';
import { sampleFolder } from './sample-instance.ts';

export type Sample = 'well' | 'broken' | 'deaf' | 'missing';

/** One kind of runtime, with what a test needs to look at it from outside. */
export interface House {
  /** As a worker sees it; a second one is another worker, or the same after a restart. */
  worker(): Runtime;
  spec(id: string, sample?: Sample, env?: Record<string, string>): InstanceSpec;
  /** SIGKILL to the instance itself. */
  kill(id: string): Promise<void>;
  /** How many copies of the instance run, counted without the runtime. */
  copies(id: string): Promise<number>;
  close(): Promise<void>;
}

/** Where `env:` references look in every house. */
export const ownEnvironment = { PATH: process.env['PATH'], SAMPLE_SECRET: 'swordfish' };

export const houses: Readonly<Record<'memory' | 'process' | 'docker', () => Promise<House>>> = {
  memory: async () => memoryHouse(),
  process: processHouse,
  docker: dockerHouse,
};

const named = { project: 'default', service: 'shop', version: 'v1' };
const env = { VERSION: '{version}', INSTANCE: '{instance}' };

function memoryHouse(): House {
  const runtime = createMemoryRuntime();
  return {
    worker: () => runtime,
    spec: (id) => ({ id, ...named, start: { runtime: 'process', command: ['sample'] } }),
    kill: async (id) => runtime.kill(id),
    copies: async (id) => runtime.running().filter((one) => one === id).length,
    close: async () => undefined,
  };
}

async function processHouse(): Promise<House> {
  const { folder, script, busybox, remove } = await sampleFolder();
  const home = join(folder, 'home');
  const worker = (): Runtime => createProcessRuntime({ home, env: ownEnvironment });
  const started = new Set<string>();
  return {
    worker,
    spec(id, sample = 'well', more = {}) {
      started.add(id);
      const command = [
        sample === 'missing' ? 'no-such-program' : script,
        '{version}',
        '{port}',
        '{instance}',
      ];
      const own = { ...env, SAMPLE: sample, WWW: join(folder, `www-${id}`), BUSYBOX: busybox };
      return { id, ...named, start: { runtime: 'process', command, env: { ...own, ...more } } };
    },
    kill: async (id) => processesOf(id).forEach((pid) => process.kill(pid, 'SIGKILL')),
    copies: async (id) => processesOf(id).length,
    async close() {
      await Promise.all([...started].map((id) => worker().stop(id, 1000)));
      await remove();
    },
  };
}

async function dockerHouse(): Promise<House> {
  const engine = await startDockerEngine();
  await importSampleImage(engine.client, 'sample', ['v1']);
  const find = (id: string) =>
    engine.client.listContainers({ filters: { label: [`holdfast.instance=${id}`], status: ['running'] } });
  return {
    worker: () => createDockerRuntime({ home: '/holdfast', dockerHost: engine.host, env: ownEnvironment }),
    spec(id, sample = 'well', more = {}) {
      const own = { ...env, SAMPLE: sample, WWW: '/www', BUSYBOX: '/bin/busybox', HOST: '0.0.0.0' };
      const command = [
        sample === 'missing' ? 'no-such-program' : '/bin/service',
        '{version}',
        '{port}',
        '{instance}',
      ];
      const image = 'sample:{version}';
      return {
        id,
        ...named,
        start: { runtime: 'docker', image, containerPort: 8080, command, env: { ...own, ...more } },
      };
    },
    async kill(id) {
      for (const { Id } of await find(id)) await engine.client.getContainer(Id).kill();
    },
    copies: async (id) => (await find(id)).length,
    close: engine.close,
  };
}
