import type { PartName } from './record.ts';

export interface PartCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** The whole environment of the process; the supervisor adds its marks. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One process of the stack, as the supervisor sees it. */
export interface Part {
  readonly name: PartName;
  /** What has to work before its first start. */
  readonly after: readonly PartName[];
  /** Whether one that outlived its supervisor is taken over as it is, because ending it would be felt. */
  readonly adopts: boolean;
  /** Before each start: makes what it needs, clears what an earlier life left. */
  prepare(): Promise<PartCommand>;
  /** Resolves when it does its work; throws when it does not in time, or as soon as the signal says that it has ended. */
  ready(ended: AbortSignal): Promise<void>;
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end before it is killed, in milliseconds. */
  readonly graceMs: number;
}
