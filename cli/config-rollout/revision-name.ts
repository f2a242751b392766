import type { ConfigHeadMove, Environment } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { pagesOf } from '../pages.ts';
import { environmentPath, short } from './environment.ts';

/** What a person may write for a revision: all of it, its beginning, or what it is to the environment. */
export const revisionWords = 'all of its 64 characters, the first 6 or more of them, head, live or previous';

/** The whole revision that a person means. A beginning is looked up in the history of the environment. */
export async function resolveRevision(cli: Cli, environment: string, name: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(name)) return name;
  if (name === 'head' || name === 'live' || name === 'previous') return ofRole(cli, environment, name);
  if (/^[0-9a-f]{6,63}$/.test(name)) return ofBeginning(cli, environment, name);
  throw new CliError(
    exitCodes.usage,
    `${JSON.stringify(name)} is no revision: give ${revisionWords} (see: holdfast config history --env ${environment})`,
  );
}

async function ofRole(cli: Cli, environment: string, role: 'head' | 'live' | 'previous'): Promise<string> {
  const found = (await cli.api.get<Environment>(environmentPath(cli, environment)))[role];
  if (found !== null) return found;
  const why = role === 'head' ? 'nothing was put there yet' : 'no rollout has brought it yet';
  throw new CliError(exitCodes.notFound, `${environment} has no ${role} revision: ${why}`);
}

async function ofBeginning(cli: Cli, environment: string, name: string): Promise<string> {
  const found = new Set<string>();
  for await (const { revision } of pagesOf<ConfigHeadMove>(
    cli,
    environmentPath(cli, environment, 'config/history'),
  )) {
    if (revision.startsWith(name)) found.add(revision);
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const history = `holdfast config history --env ${environment}`;
  if (first === undefined) {
    throw new CliError(
      exitCodes.notFound,
      `no revision of ${environment} begins with ${name}; see: ${history}`,
    );
  }
  const all = [...found].map((revision) => short(revision)).join(', ');
  throw new CliError(exitCodes.usage, `${found.size} revisions begin with ${name}: ${all}; give more of it`);
}
