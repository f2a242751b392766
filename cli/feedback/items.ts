import type { Feedback, FeedbackInput } from '../../contracts/feedback.ts';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';
import { fields, table } from '../table.ts';

interface ListFlags {
  readonly search?: string;
  readonly source?: string;
  readonly kind?: string;
  readonly status?: string;
  readonly quarantined?: boolean;
  readonly cluster?: string;
  readonly limit: string;
  readonly csv?: boolean;
}

export async function listFeedback(cli: Cli, _args: readonly string[], flags: ListFlags): Promise<void> {
  const { search: q, source, kind, status, cluster } = flags;
  const clustering = flags.quarantined === true ? 'quarantined' : undefined;
  const query = { q, source, kind, status, cluster, clustering };
  if (flags.csv === true) {
    const csv = await cli.api.text(cli.path('feedback.csv'), query);
    cli.out.data({ csv }, () => csv.trimEnd());
    return;
  }
  const limit = integerOf('--limit', flags.limit);
  const { items } = await cli.api.get<{ items: Feedback[] }>(cli.path('feedback'), { ...query, limit });
  cli.out.data(items, () =>
    items.length === 0
      ? 'no feedback; import a file: holdfast feedback import FILE'
      : table([
          ['ID', 'SOURCE', 'KIND', 'STATUS', 'TIMES', 'CLUSTERING', 'TITLE'],
          ...items.map((item) => [
            ...[item.id, item.source, item.kind, item.status, String(item.occurrences), item.clustering],
            item.title.slice(0, 80),
          ]),
        ]),
  );
}

export async function showFeedback(cli: Cli, [id = '']: readonly string[]): Promise<void> {
  const item = await cli.api.get<Feedback>(cli.path(`feedback/${encodeURIComponent(id)}`));
  cli.out.data(item, () => feedbackText(item));
}

interface AddFlags {
  readonly body?: string;
  readonly kind: string;
  readonly service?: string;
  readonly release?: string;
  readonly label?: string[];
}

export async function addFeedback(cli: Cli, [title = '']: readonly string[], flags: AddFlags): Promise<void> {
  const { body, kind, service, release, label } = flags;
  const input: FeedbackInput = {
    title,
    kind: kind as FeedbackInput['kind'],
    ...(body === undefined ? {} : { body }),
    ...(service === undefined ? {} : { service }),
    ...(release === undefined ? {} : { release }),
    ...(label === undefined ? {} : { labels: label }),
  };
  const { body: item } = await cli.api.post<Feedback>(cli.path('feedback'), input);
  cli.out.data(item, () => feedbackText(item));
}

export async function retryFeedback(cli: Cli, [id = '']: readonly string[]): Promise<void> {
  const path = cli.path(`feedback/${encodeURIComponent(id)}/retry`);
  const { body: item } = await cli.api.post<Feedback>(path, undefined);
  cli.out.data(item, () => feedbackText(item));
}

function feedbackText(item: Feedback): string {
  const facts = fields([
    ['feedback', item.id],
    ['title', item.title],
    ['source', `${item.source} ${item.externalId}`],
    ['kind', item.kind],
    ['status', item.status],
    ['labels', item.labels.join(' ') || '-'],
    ['service', [item.service, item.release].filter((part) => part !== null).join(' ') || '-'],
    ['seen', `${item.occurrences} times, ${item.firstSeen} to ${item.lastSeen}`],
    ['clustering', item.fault === null ? item.clustering : `${item.clustering}: ${item.fault}`],
    ['cluster', item.clusterId ?? '-'],
    ...(item.url === null ? [] : [['url', item.url] as const]),
  ]);
  return item.body === '' ? facts : `${facts}\n\n${item.body}`;
}
