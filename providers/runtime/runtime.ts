import type { Start } from '../../contracts/service.ts';

/** One running copy of one version. `id` is stable: the same id is never started twice. */
export interface InstanceSpec {
  readonly id: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  readonly start: Start;
}

export type InstanceStatus =
  | { readonly state: 'absent' }
  | { readonly state: 'running'; readonly address: string }
  | { readonly state: 'exited'; readonly code: number | null; readonly lastOutput: string };

/** Brings versions of a service up and down. Every method is idempotent and safe to repeat after a crash at any point. */
export interface Runtime {
  /** Starts the instance unless it runs; answers where it listens (`host:port`). Throws `start-failed` with the reason. */
  start(instance: InstanceSpec, signal: AbortSignal): Promise<{ address: string }>;
  inspect(id: string): Promise<InstanceStatus>;
  /** Asks the instance to end, kills it after `graceMs`, and removes what is left of it. */
  stop(id: string, graceMs: number): Promise<void>;
  /** Ids of all instances of the service that exist, in any state. */
  list(project: string, service: string): Promise<string[]>;
}
