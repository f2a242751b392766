import { stat } from 'node:fs/promises';
import type { ConfigRevisionDetail } from '../../contracts/config-revision.ts';
import type { ConfigFile } from '../config-file.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { readBase, writeBase } from './base-file.ts';
import { isSameDocument, readDocument, usualFile, writeDocument } from './document-file.ts';
import { environmentOf, environmentPath, short, type EnvironmentFlags } from './environment.ts';
import { documentPart, locating } from './faults.ts';
import { behindError, mergeWithHead, revisionDetail } from './merge.ts';

interface Flags extends EnvironmentFlags {
  readonly force?: boolean;
  readonly merge?: boolean;
  readonly ours?: boolean;
}

/** Writes the head of an environment to a file and remembers it. Changes of the file that were never put are not lost unless asked. */
export async function pullConfig(
  cli: Cli,
  [path = usualFile]: readonly string[],
  flags: Flags,
): Promise<void> {
  const environment = environmentOf(cli, flags);
  if (path === '-') {
    throw new CliError(
      exitCodes.usage,
      `pull writes a file; on stdout: holdfast config show --env ${environment}`,
    );
  }
  const head = await cli.api.get<ConfigRevisionDetail>(environmentPath(cli, environment, 'config'));
  const document = await contentOf(cli, path, head, flags);
  await written(path, writeDocument(path, document));
  await writeBase(cli, path, environment, head.revision);
  const own = isSameDocument(document, head.document) ? '' : ', with your own changes on top';
  cli.out.data({ file: path, revision: head.revision, document }, () => {
    return `${path} is at ${short(head.revision)}, the head of ${environment}${own}`;
  });
}

/** What the file is to hold: the head, or with --merge the head with the changes of the file. */
async function contentOf(cli: Cli, path: string, head: ConfigRevisionDetail, flags: Flags): Promise<unknown> {
  const isThere = (await stat(path).catch(() => null)) !== null;
  if (!isThere || flags.force === true) return head.document;
  const file = await readDocument(path);
  if (isSameDocument(file.document, head.document)) return head.document;
  const base = await readBase(cli, path, head.environment);
  if (base !== null && (await isUnchanged(cli, head.environment, base, file))) return head.document;
  if (base === null || flags.merge !== true) throw ownChanges(path, head, base);
  return mergedContent(cli, { environment: head.environment, file, base }, path, flags);
}

async function isUnchanged(
  cli: Cli,
  environment: string,
  base: string,
  { document }: ConfigFile,
): Promise<boolean> {
  return isSameDocument((await revisionDetail(cli, environment, base)).document, document);
}

async function mergedContent(
  cli: Cli,
  behind: { environment: string; file: ConfigFile; base: string },
  path: string,
  flags: Flags,
): Promise<unknown> {
  const merge = await locating([documentPart(behind.file)], mergeWithHead(cli, behind, behind.file.document));
  if (merge.conflicts.length === 0 || flags.ours === true) return merge.document;
  throw await behindError(
    cli,
    behind,
    merge,
    `make those parts as they are there, or keep yours: holdfast config pull ${path} --env ${behind.environment} --merge --ours`,
  );
}

function ownChanges(path: string, { environment }: ConfigRevisionDetail, base: string | null): CliError {
  const what =
    base === null
      ? `${path} is there, and it is not known which revision of ${environment} it was made from`
      : `${path} has changes that were never put to ${environment}`;
  const keep = base === null ? '' : `keep them: holdfast config pull ${path} --env ${environment} --merge; `;
  return new CliError(exitCodes.conflict, `${what}\n${keep}lose what the file holds: --force`);
}

async function written(path: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw new CliError(exitCodes.failed, `${path} cannot be written: ${(error as Error).message}`);
  }
}
