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
  /** Before each start: makes what it needs, clears what an earlier life left. */
  prepare(): Promise<PartCommand>;
  /** Resolves when it does its work; throws when it does not in time. `gaveUp` turns true when the process has ended. */
  ready(gaveUp: () => boolean): Promise<void>;
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end before it is killed, in milliseconds. */
  readonly graceMs: number;
}
