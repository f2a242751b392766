import { OpsError } from '../../domain/errors.ts';
import type { InstanceSpec, InstanceStatus, Runtime } from './runtime.ts';

export interface MemoryRuntime extends Runtime {
  /** What kill -9 does to an instance; nothing when it does not run. */
  kill(id: string): void;
  /** Every start from now on fails with `start-failed` and this reason; null: starts work again. */
  failStarts(reason: string | null): void;
  /** Ids of the instances that run, sorted. */
  running(): string[];
}

interface MemoryInstance {
  readonly spec: InstanceSpec;
  readonly address: string;
  status: 'running' | 'killed';
}

/** The twin for tests: instances are rows of a map, with the answers of the real runtimes. */
export function createMemoryRuntime(): MemoryRuntime {
  const instances = new Map<string, MemoryInstance>();
  let failure: string | null = null;
  let nextPort = 20_000;

  async function start(spec: InstanceSpec, signal: AbortSignal): Promise<{ address: string }> {
    signal.throwIfAborted();
    const known = instances.get(spec.id);
    if (known?.status === 'running') return { address: known.address };
    if (failure !== null) throw new OpsError('start-failed', `${spec.id} cannot start: ${failure}`);
    const address = known?.address ?? `127.0.0.1:${nextPort++}`;
    instances.set(spec.id, { spec, address, status: 'running' });
    return { address };
  }

  async function inspect(id: string): Promise<InstanceStatus> {
    const known = instances.get(id);
    if (known === undefined) return { state: 'absent' };
    if (known.status === 'running') return { state: 'running', address: known.address };
    return { state: 'exited', code: 137, lastOutput: 'killed' };
  }

  return {
    start,
    inspect,
    stop: async (id) => void instances.delete(id),
    list: async (project, service) =>
      [...instances.values()]
        .filter(({ spec }) => spec.project === project && spec.service === service)
        .map(({ spec }) => spec.id)
        .sort(),
    kill(id) {
      const known = instances.get(id);
      if (known !== undefined) known.status = 'killed';
    },
    failStarts(reason) {
      failure = reason;
    },
    running: () =>
      [...instances.values()]
        .filter(({ status }) => status === 'running')
        .map(({ spec }) => spec.id)
        .sort(),
  };
}
