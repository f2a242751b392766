import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import type { AuditKey } from '../../contracts/audit.ts';
import type { Cli } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit.ts';
import { readState } from './state-file.ts';
import { verdictData, verdictText } from './verdict-text.ts';
import { verifyExport } from './verify-export.ts';

interface Flags {
  readonly file?: string;
  readonly key?: string;
  readonly checkpoints?: string;
  readonly state?: string;
}

/** The same verification for an export in a file and for the stream of the API. */
export async function verifyAudit(cli: Cli, _args: readonly string[], flags: Flags): Promise<ExitCode> {
  const state = flags.state ?? null;
  const key = flags.key ?? (await keyOf(cli, flags.file !== undefined));
  if (key === null)
    cli.out.note('no key: checkpoints are not looked at, so a whole rewrite would go unnoticed');
  const verdict = await verifyExport({
    chunks: flags.file === undefined ? await fromApi(cli, state) : createReadStream(flags.file),
    key,
    checkpoints: flags.checkpoints ?? cli.config.audit.checkpoints,
    state,
  });
  cli.out.data(verdictData(verdict), () => verdictText(verdict));
  return verdict.fault === null ? exitCodes.ok : exitCodes.failed;
}

async function fromApi(cli: Cli, state: string | null): Promise<AsyncIterable<Uint8Array>> {
  const before = state === null ? undefined : await readState(state, cli.project);
  const after = Math.max(0, (before?.seq ?? 0) - 1);
  return cli.api.stream(cli.path(`audit/export?after=${after}`), {});
}

/** Beside the signing key first: that is further from the database than the API is. */
export async function keyOf(cli: Cli, isOffline: boolean): Promise<string | null> {
  const file = `${cli.config.audit.key}.pub`;
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  if (isOffline) return null;
  return cli.api.get<AuditKey>(cli.path('audit/key')).then(
    ({ key }) => key,
    () => null,
  );
}
