import { checkCheckpoints } from '../../domain/audit/check-checkpoints.ts';
import { parseCheckpoint, type Checkpoint } from '../../domain/audit/checkpoint.ts';
import { parseNote } from '../../domain/audit/note.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { readNoteKey } from './published.ts';
import { verifyTools } from './tools.ts';
import { keyOf } from './verify.ts';

/** What a note says, once its signature and its project are found right. Throws when they are not. */
export async function trustedCheckpoint(cli: Cli, note: string, given?: string): Promise<Checkpoint> {
  const key = given ?? (await keyOf(cli, false));
  if (key === null) throw new CliError(exitCodes.usage, 'no public key is known; give it with --key');
  const place = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0;
  const keys = [await readNoteKey(key)];
  const { trusted, fault } = checkCheckpoints(verifyTools(Date.now()), cli.project, [{ place, note }], keys);
  const [checkpoint] = trusted;
  if (checkpoint !== undefined) return checkpoint;
  throw new CliError(
    exitCodes.failed,
    `the checkpoint is not to be trusted: ${fault?.kind}: ${fault?.detail}`,
  );
}
