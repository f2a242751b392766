import type { ConfigRevisionDetail } from '../../contracts/config-revision.ts';
import type { ConfigFile } from '../config-file.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { required } from '../flags.ts';
import { baseFileOf, readBase, writeBase } from './base-file.ts';
import { readDocument, usualFile, writeDocument } from './document-file.ts';
import { environmentOf, environmentPath, short, type EnvironmentFlags } from './environment.ts';
import { documentPart, locating } from './faults.ts';
import { behindError, mergeWithHead } from './merge.ts';
import { resolveRevision } from './revision-name.ts';

export interface PutFlags extends EnvironmentFlags {
  readonly reason?: string;
  readonly base?: string;
  readonly merge?: boolean;
  readonly ours?: boolean;
}

export async function putConfig(
  cli: Cli,
  [path = usualFile]: readonly string[],
  flags: PutFlags,
): Promise<void> {
  const head = await putFile(cli, path, flags);
  const { environment, revision } = head;
  cli.out.data(head, () => `${revision} is the head of ${environment}`);
  if (!head.isLive)
    cli.out.note(`it is not live yet; roll it out: holdfast config apply --env ${environment}`);
}

/** Makes a file the head of its environment. The revision it was made from decides whether somebody was faster. */
export async function putFile(cli: Cli, path: string, flags: PutFlags): Promise<ConfigRevisionDetail> {
  const reason = required('--reason', flags.reason, 'say why; it is kept in the history and in the audit');
  const environment = environmentOf(cli, flags);
  const write = { path, environment, file: await readDocument(path), reason };
  const base = await baseOf(cli, write, flags);
  try {
    return await send(cli, write, write.file.document, base);
  } catch (error) {
    if (!isLost(error)) throw error;
    if (base === null) throw await unknownBase(cli, write, error);
    return await merged(cli, write, base, flags);
  }
}

interface Write {
  readonly path: string;
  readonly environment: string;
  readonly file: ConfigFile;
  readonly reason: string;
}

/** --base, else what is kept beside the file, else null: there must be no head yet. */
async function baseOf(cli: Cli, { path, environment }: Write, { base }: PutFlags): Promise<string | null> {
  if (base !== undefined) return resolveRevision(cli, environment, base);
  return path === '-' ? null : readBase(cli, path, environment);
}

async function send(
  cli: Cli,
  { environment, reason, path, file }: Write,
  document: unknown,
  base: string | null,
): Promise<ConfigRevisionDetail> {
  const condition: Record<string, string> =
    base === null ? { 'if-none-match': '*' } : { 'if-match': `"${base}"` };
  const request = cli.api.put<ConfigRevisionDetail>(
    environmentPath(cli, environment, 'config'),
    { document, reason },
    condition,
  );
  const head = await locating([documentPart(file)], request);
  if (path !== '-') await writeBase(cli, path, environment, head.revision);
  return head;
}

const mostTries = 5;

/** Takes what others did meanwhile, when that was asked for; else tells it. */
async function merged(cli: Cli, write: Write, base: string, flags: PutFlags): Promise<ConfigRevisionDetail> {
  const { path, environment, file } = write;
  for (let tries = 1; ; tries += 1) {
    const behind = { environment, file, base };
    const merge = await locating([documentPart(file)], mergeWithHead(cli, behind, file.document));
    const isClean = merge.conflicts.length === 0;
    if (flags.merge !== true || !(isClean || flags.ours === true)) {
      throw await behindError(cli, behind, merge, remedyOf(write, isClean));
    }
    try {
      const head = await send(cli, write, merge.document, merge.head);
      if (path !== '-') await writeDocument(path, head.document);
      cli.out.note(`merged with ${short(merge.head)}${path === '-' ? '' : `; ${path} holds both now`}`);
      return head;
    } catch (error) {
      if (!isLost(error) || tries === mostTries) throw error;
    }
  }
}

function remedyOf({ path, environment }: Write, isClean: boolean): string {
  const again = `holdfast config put ${path} --env ${environment} --reason …`;
  return isClean
    ? `take both: ${again} --merge   (or look at it in the file first: holdfast config pull ${path} --env ${environment} --merge)`
    : `make those parts as they are there and put again with --merge, or keep yours: ${again} --merge --ours`;
}

async function unknownBase(cli: Cli, { path, environment }: Write, { problem }: CliError): Promise<CliError> {
  const head = await cli.api.get<ConfigRevisionDetail>(environmentPath(cli, environment, 'config'));
  const beside = path === '-' ? '' : `, and there is no ${baseFileOf(path)} that says it`;
  const lines = [
    `${environment} has the head ${short(head.revision)} (${head.author}: ${head.reason}), and it is not known which revision ${path} was made from${beside}`,
    `see what would change: holdfast config diff --file ${path} --env ${environment}`,
    `then name the revision: --base ${short(head.revision)} puts the file in place of that one`,
  ];
  return new CliError(exitCodes.conflict, lines.join('\n'), problem);
}

function isLost(error: unknown): error is CliError {
  return error instanceof CliError && error.problem?.status === 412;
}
