import type { AuditInclusion } from '../../contracts/audit.ts';
import { isIncluded, leafHash } from '../../domain/audit/merkle.ts';
import { readBody } from '../../domain/audit/walk.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf } from '../flags.ts';
import { sha256 } from './tools.ts';
import { trustedCheckpoint } from './trusted-checkpoint.ts';

interface Flags {
  readonly size?: string;
  readonly key?: string;
}

/** Fetches a proof and checks it here: the word of the API is not taken for it. */
export async function proveEntry(cli: Cli, [entry = '']: readonly string[], flags: Flags): Promise<void> {
  const size = flags.size === undefined ? undefined : integerOf('--size', flags.size);
  const path = cli.path(`audit/entries/${encodeURIComponent(entry)}/proof`);
  const proof = await cli.api.get<AuditInclusion>(path, { size });
  const checkpoint = await trustedCheckpoint(cli, proof.checkpoint, flags.key);
  const bytes = Buffer.from(proof.bytes, 'base64');
  const holds =
    readBody(bytes)?.id === entry &&
    isIncluded(sha256, {
      index: proof.seq - 1,
      size: checkpoint.size,
      leaf: leafHash(sha256, bytes),
      path: proof.path.map((hash) => Buffer.from(hash, 'base64')),
      root: checkpoint.root,
    });
  if (!holds)
    throw new CliError(exitCodes.failed, `the proof does not hold: ${entry} is not under the checkpoint`);
  cli.out.data(
    proof,
    () =>
      `${bytes.toString('utf8')}\nis entry ${proof.seq} of the ${checkpoint.size} that were signed:\n${proof.checkpoint}`,
  );
}
