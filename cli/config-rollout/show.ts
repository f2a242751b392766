import type { ConfigHeadMove, ConfigRevisionDetail, Environment } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { firstOf } from '../pages.ts';
import { table } from '../table.ts';
import { environmentOf, environmentPath, short, type EnvironmentFlags } from './environment.ts';
import { revisionDetail } from './merge.ts';
import { resolveRevision } from './revision-name.ts';
import { yamlText } from './rewrite-yaml.ts';

/** The document on stdout, as YAML or as the haproxy.cfg it renders to; who made it and why on stderr. */
export async function showConfig(
  cli: Cli,
  [name]: readonly string[],
  flags: EnvironmentFlags & { rendered?: boolean },
): Promise<void> {
  const environment = environmentOf(cli, flags);
  const detail = await detailOf(cli, environment, name);
  cli.out.note(originOf(detail));
  const text = flags.rendered === true ? detail.rendered : yamlText(detail.document);
  cli.out.data(detail, () => text.replace(/\n$/, ''));
}

async function detailOf(
  cli: Cli,
  environment: string,
  name: string | undefined,
): Promise<ConfigRevisionDetail> {
  if (name === undefined)
    return cli.api.get<ConfigRevisionDetail>(environmentPath(cli, environment, 'config'));
  return revisionDetail(cli, environment, await resolveRevision(cli, environment, name));
}

function originOf({
  environment,
  revision,
  isHead,
  isLive,
  author,
  createdAt,
  reason,
}: ConfigRevisionDetail): string {
  const roles = [...(isHead ? ['head'] : []), ...(isLive ? ['live'] : [])];
  const role = roles.length === 0 ? '' : ` (${roles.join(', ')})`;
  return `${environment} ${revision}${role}, ${createdAt} by ${author}: ${reason}`;
}

/** Every move of the head, newest first. */
export async function showHistory(
  cli: Cli,
  _args: readonly string[],
  flags: EnvironmentFlags & { limit: string },
): Promise<void> {
  const environment = environmentOf(cli, flags);
  const limit = integerOf('--limit', flags.limit);
  const known = await cli.api.get<Environment>(environmentPath(cli, environment));
  const path = environmentPath(cli, environment, 'config/history');
  const moves = await firstOf<ConfigHeadMove>(cli, path, limit);
  cli.out.data(moves, () =>
    moves.length === 0
      ? `nothing was put to ${environment} yet`
      : table([
          ['SEQ', 'REVISION', 'IS', 'AT', 'BY', 'REASON'],
          ...moves.map(({ seq, revision, at, author, reason }) => [
            ...[String(seq), short(revision), rolesOf(revision, known), at, author, reason],
          ]),
        ]),
  );
}

function rolesOf(revision: string, { head, live, previous }: Environment): string {
  const roles = [
    ...(revision === head ? ['head'] : []),
    ...(revision === live ? ['live'] : []),
    ...(revision === previous ? ['previous'] : []),
  ];
  return roles.length === 0 ? '-' : roles.join(' ');
}
