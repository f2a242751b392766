import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RunRecord } from '../../contracts/run-record.ts';
import { recordProblems, signedText } from '../../domain/run-record.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';

/** holdfast runs verify FILE: checks an exported record by its public key. Asks no server. */
export async function verifyRun(
  cli: Cli,
  [file = '']: readonly string[],
  { publicKey }: { publicKey: string },
): Promise<ExitCode> {
  const record = await readRecord(file);
  const key = await readKey(publicKey);
  const problems = [...signatureProblems(record, key), ...recordProblems(record, sha256)];
  const { operationId, project, exportedAt, payloads } = record.manifest;
  const result = { valid: problems.length === 0, operationId, project, exportedAt, payloads, problems };
  cli.out.data(result, () =>
    result.valid
      ? `valid: ${project}/${operationId}, exported ${exportedAt}, payloads ${payloads}`
      : `NOT VALID\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  );
  return result.valid ? exitCodes.ok : exitCodes.failed;
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
