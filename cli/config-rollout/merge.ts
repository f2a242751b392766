import type { Problem } from '../../contracts/common.ts';
import type {
  ConfigDiff,
  ConfigHeadMove,
  ConfigMerge,
  ConfigRevisionDetail,
} from '../../contracts/config-revision.ts';
import { locateProblem, type ConfigFile } from '../config-file.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { pagesOf } from '../pages.ts';
import { environmentPath, short } from './environment.ts';
import { changeLines } from './diff-text.ts';

/** A file whose environment has moved on since the file was made. */
export interface Behind {
  readonly environment: string;
  readonly file: ConfigFile;
  readonly base: string;
}

/** The file and the head brought together: the head, or a part of each where both changed. Writes nothing. */
export async function mergeWithHead(
  cli: Cli,
  { environment, base }: Behind,
  document: unknown,
): Promise<ConfigMerge> {
  const path = environmentPath(cli, environment, 'config/merge');
  return (await cli.api.post<ConfigMerge>(path, { base, document })).body;
}

/** The conflict of a file that is behind: what others did since, what both changed, and how to take both. */
export async function behindError(
  cli: Cli,
  behind: Behind,
  merge: ConfigMerge,
  remedy: string,
): Promise<CliError> {
  const { environment, base, file } = behind;
  const lines = [
    `${environment} has moved on: its head is ${short(merge.head)}, and ${file.source.name} was made from ${short(base)}`,
    ...(await sinceThen(cli, behind, merge.head)),
    ...conflictLines(file, merge),
    remedy,
  ];
  return new CliError(exitCodes.conflict, lines.join('\n'), problemOf(lines[0] ?? '', merge));
}

/** With --json the whole merge comes with the problem. */
function problemOf(detail: string, merge: ConfigMerge): Problem {
  const problem: Problem & { merge: ConfigMerge } = {
    type: 'urn:holdfast:problem:precondition-failed',
    title: 'It was changed by somebody else',
    status: 412,
    code: 'precondition-failed',
    detail,
    merge,
  };
  return problem;
}

async function sinceThen(cli: Cli, { environment, base }: Behind, head: string): Promise<string[]> {
  const diff = await cli.api.get<ConfigDiff>(environmentPath(cli, environment, 'config/diff'), {
    from: base,
    to: head,
  });
  const moves = (await movesSince(cli, environment, base)).map(
    ({ revision, at, author, reason }) => `  ${short(revision)}  ${at}  ${author}: ${reason}`,
  );
  return ['since then:', ...moves, ...changeLines(diff.changes)];
}

async function movesSince(cli: Cli, environment: string, base: string): Promise<ConfigHeadMove[]> {
  const moves: ConfigHeadMove[] = [];
  const path = environmentPath(cli, environment, 'config/history');
  for await (const move of pagesOf<ConfigHeadMove>(cli, path)) {
    if (move.revision === base || moves.length === 20) break;
    moves.push(move);
  }
  return moves;
}

function conflictLines(file: ConfigFile, { conflicts }: ConfigMerge): string[] {
  if (conflicts.length === 0) return ['nothing was changed by both'];
  return conflicts.map(({ pointer, base, ours, theirs }) =>
    locateProblem(file, {
      pointer,
      detail: `was changed by both: ${shown(base)} before, ${shown(ours)} here, ${shown(theirs)} there`,
    }),
  );
}

/** A value in a line; null is told as nothing, since JSON has no other way to say that a part is gone. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}

/** A revision with its content. Throws what the API says, `not-found` among it. */
export async function revisionDetail(
  cli: Cli,
  environment: string,
  revision: string,
): Promise<ConfigRevisionDetail> {
  return cli.api.get<ConfigRevisionDetail>(
    environmentPath(cli, environment, `config/revisions/${encodeURIComponent(revision)}`),
  );
}
