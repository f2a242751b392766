import { createDockerRuntime } from './docker.ts';
import { createProcessRuntime } from './process.ts';
import type { Runtime } from './runtime.ts';

export interface RuntimesConfig {
  readonly home: string;
  readonly dockerHost: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Every way a version can run, by the name that services use. */
export function createRuntimes(config: RuntimesConfig): Record<'process' | 'docker', Runtime> {
  return {
    process: createProcessRuntime(config),
    docker: createDockerRuntime(config),
  };
}
