import type { Cluster, ClusterDetail, MembershipWhy } from '../../contracts/feedback-clustering.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { fields, table } from '../table.ts';

interface ListFlags {
  readonly state?: string;
  readonly source?: string;
  readonly all?: boolean;
  readonly limit: string;
}

export async function listClusters(cli: Cli, words: readonly string[], flags: ListFlags): Promise<void> {
  const { items } = await cli.api.get<{ items: Cluster[] }>(cli.path('clusters'), {
    state: flags.state,
    source: flags.source,
    all: flags.all === true ? 'true' : undefined,
    q: words.length === 0 ? undefined : words.join(' '),
    limit: integerOf('--limit', flags.limit),
  });
  cli.out.data(items, () =>
    items.length === 0
      ? 'no clusters of two items and more; single items: --all; what waits: holdfast clusters status'
      : table([
          ['CLUSTER', 'ITEMS', 'STATE', 'SEVERITY', 'LAST SEEN', 'TITLE'],
          ...items.map((cluster) => [
            cluster.id,
            String(cluster.size),
            stateOf(cluster),
            levelOf(cluster),
            cluster.lastSeen.slice(0, 16).replace('T', ' '),
            cluster.title,
          ]),
        ]),
  );
}

export async function showCluster(cli: Cli, [id = '']: readonly string[]): Promise<void> {
  const detail = await cli.api.get<ClusterDetail>(cli.path(`clusters/${encodeURIComponent(id)}`));
  cli.out.data(detail, () => detailText(detail, id));
}

export async function explainItem(cli: Cli, [id = '', item = '']: readonly string[]): Promise<void> {
  const path = cli.path(`clusters/${encodeURIComponent(id)}/members/${encodeURIComponent(item)}`);
  const answer = await cli.api.get<MembershipWhy>(path);
  cli.out.data(answer, () =>
    fields(
      Object.entries(answer.why).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  );
}

function detailText({ cluster, members, trend }: ClusterDetail, asked: string): string {
  const reasons = cluster.severity['reasons'];
  const facts = fields([
    ['cluster', cluster.id === asked ? cluster.id : `${cluster.id} (${asked} went into it)`],
    ['title', cluster.titledBy === null ? cluster.title : `${cluster.title} (named by ${cluster.titledBy})`],
    ['summary', cluster.summary || '-'],
    ['state', stateOf(cluster)],
    ['severity', [levelOf(cluster), ...(Array.isArray(reasons) ? reasons.map(saysOf) : [])].join('; ')],
    ['items', `${cluster.size}${cluster.lock === null ? '' : `, locked (${cluster.lock})`}`],
    ['sources', cluster.sources.join(' ')],
    ...(cluster.owner === null ? [] : [['owner', ownerText(cluster.owner)] as const]),
    ['seen', `${cluster.firstSeen} to ${cluster.lastSeen}`],
    ['trend', textOf(trend['because'])],
  ]);
  const rows = members.map((member) => [
    member.itemId,
    String(member.occurrences),
    member.source,
    `${textOf(member.why['rule'])}${member.why['provisional'] === true ? ' (provisional)' : ''}`,
    member.title,
  ]);
  return `${facts}\n\n${table([['ITEM', 'TIMES', 'SOURCE', 'RULE', 'TITLE'], ...rows])}`;
}

function ownerText({ owners, line, pattern, path }: Record<string, unknown>): string {
  const names = Array.isArray(owners) ? owners.join(' ') : '-';
  return `${names} (line ${Number(line)} of CODEOWNERS, ${textOf(pattern)}, for ${textOf(path)})`;
}

function stateOf({ state, fixedRelease, regressedAt }: Cluster): string {
  if (state === 'fixed') return fixedRelease === null ? 'fixed' : `fixed in ${fixedRelease}`;
  return regressedAt === null ? state : `${state}, again`;
}

function levelOf({ severity }: Cluster): string {
  const { level } = severity;
  return typeof level === 'string' ? level : '-';
}

function saysOf(reason: unknown): string {
  const { says } = (reason ?? {}) as { says?: unknown };
  return typeof says === 'string' ? says : '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '-';
}
