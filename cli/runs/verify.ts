import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RunRecord } from '../../contracts/run-record.ts';
import { verifyBundle, type BundleVerdict } from '../../domain/audit/bundle.ts';
import { recordProblems, signedText } from '../../domain/run-record.ts';
import { publishedCheckpoints, readNoteKey } from '../audit/published.ts';
import { verifyTools } from '../audit/tools.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';

interface Flags {
  readonly publicKey: string;
  readonly auditKey?: string;
  readonly checkpoints?: string;
}

/** holdfast runs verify FILE: checks an exported record by its public key. Asks no server. */
export async function verifyRun(cli: Cli, [file = '']: readonly string[], flags: Flags): Promise<ExitCode> {
  const record = await readRecord(file);
  const key = await readKey(flags.publicKey);
  const audit = await auditVerdict(record, flags);
  const problems = [
    ...signatureProblems(record, key),
    ...recordProblems(record, sha256),
    ...(audit?.problems ?? []),
  ];
  const { operationId, project, exportedAt, payloads } = record.manifest;
  const found = audit === null ? null : { proven: audit.proven, checkpoint: audit.checkpoint };
  const valid = problems.length === 0;
  const result = { valid, operationId, project, exportedAt, payloads, problems, audit: found };
  cli.out.data(result, () =>
    result.valid
      ? `valid: ${project}/${operationId}, exported ${exportedAt}, payloads ${payloads}\n${auditText(audit)}`
      : `NOT VALID\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  );
  return result.valid ? exitCodes.ok : exitCodes.failed;
}

/** null: not asked for. */
async function auditVerdict({ manifest, parts }: RunRecord, flags: Flags): Promise<BundleVerdict | null> {
  const { auditKey, checkpoints } = flags;
  if (auditKey === undefined) {
    if (checkpoints === undefined) return null;
    throw new CliError(exitCodes.usage, '--checkpoints needs --audit-key: the key that signed them');
  }
  const { project, operationId } = manifest;
  const key = await readNoteKey(auditKey).catch((error: Error) => {
    throw new CliError(exitCodes.usage, `--audit-key ${error.message}`);
  });
  const published = checkpoints === undefined ? [] : await publishedCheckpoints(checkpoints, project);
  if (checkpoints !== undefined && published.length === 0)
    throw new CliError(exitCodes.usage, `there is no checkpoint of ${project} in ${checkpoints}`);
  const { audit, auditProof } = parts;
  const bundle = { project, operationId, audit, auditProof };
  return verifyBundle(verifyTools(Date.now()), bundle, { keys: [key], published });
}

function auditText(audit: BundleVerdict | null): string {
  return audit === null
    ? 'its audit entries were not held against a checkpoint: give --audit-key'
    : `${audit.proven} audit entries are under the signed checkpoint of ${audit.checkpoint}`;
}

function signatureProblems({ manifest, signature }: RunRecord, key: KeyObject): string[] {
  const der = key.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(der).digest('hex').slice(0, 16);
  if (signature.keyId !== keyId)
    return [`it is signed by the key ${signature.keyId}, the given one is ${keyId}`];
  const isSigned = verify(
    null,
    Buffer.from(signedText(manifest)),
    key,
    Buffer.from(signature.value, 'base64'),
  );
  return isSigned ? [] : ['the signature does not fit the manifest'];
}

async function readRecord(file: string): Promise<RunRecord> {
  const text = await textOf(file);
  try {
    const record = JSON.parse(text) as RunRecord;
    const isOne =
      record.manifest.format === 'holdfast-run-record/1' &&
      typeof record.manifest.parts === 'object' &&
      typeof record.parts === 'object' &&
      typeof record.signature.value === 'string';
    if (isOne) return record;
  } catch {
    // Said below, with what to do.
  }
  throw new CliError(
    exitCodes.usage,
    `${file} is no record of a run; make one with: holdfast runs export ID`,
  );
}

async function readKey(file: string): Promise<KeyObject> {
  const text = await textOf(file);
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  }
  throw new CliError(exitCodes.usage, `${file} holds no Ed25519 public key in PEM`);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(
      exitCodes.usage,
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
