import type { AuditConsistency } from '../../contracts/audit.ts';
import { isConsistent } from '../../domain/audit/merkle.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf } from '../flags.ts';
import { sha256 } from './tools.ts';
import { trustedCheckpoint } from './trusted-checkpoint.ts';

/** Fetches a proof that nothing before the older checkpoint was changed, and checks it here. */
export async function proveConsistency(
  cli: Cli,
  [older = '', newer = '']: readonly string[],
  flags: { readonly key?: string },
): Promise<void> {
  const query = { from: integerOf('OLDER', older), to: integerOf('NEWER', newer) };
  const proof = await cli.api.get<AuditConsistency>(cli.path('audit/consistency'), query);
  const before = await trustedCheckpoint(cli, proof.older, flags.key);
  const after = await trustedCheckpoint(cli, proof.newer, flags.key);
  const holds =
    before.size === query.from &&
    after.size === query.to &&
    isConsistent(sha256, {
      oldSize: before.size,
      newSize: after.size,
      oldRoot: before.root,
      newRoot: after.root,
      path: proof.path.map((hash) => Buffer.from(hash, 'base64')),
    });
  if (!holds) {
    throw new CliError(exitCodes.failed, `the checkpoint of ${newer} does not continue the one of ${older}`);
  }
  cli.out.data(
    proof,
    () => `the ${before.size} entries of the older checkpoint are the first of ${after.size}`,
  );
}
