import type { Start } from '../contracts/service.ts';
import { CliError, exitCodes } from './exit.ts';
import { integerOf } from './flags.ts';
import { wordsOf } from './words.ts';

export interface StartFlags {
  readonly command?: string;
  readonly image?: string;
  readonly containerPort?: string;
}

/** How a version starts, from flags; null where none was given. */
export function startOf(flags: StartFlags): Start | null {
  const { command, image, containerPort } = flags;
  if (command === undefined && image === undefined && containerPort === undefined) return null;
  if (command !== undefined && image === undefined && containerPort === undefined) {
    return { runtime: 'process', command: wordsOf(command) };
  }
  if (image !== undefined && command === undefined && containerPort !== undefined) {
    return { runtime: 'docker', image, containerPort: integerOf('--container-port', containerPort) };
  }
  throw new CliError(exitCodes.usage, 'give either --command, or --image with --container-port');
}
