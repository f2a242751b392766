import type {
  FeedbackFilter,
  FeedbackSettings,
  FeedbackSource,
  FeedbackSourceInput,
  FeedbackSourceList,
} from '../../contracts/feedback-source.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf } from '../flags.ts';
import { fields, table } from '../table.ts';

export async function listSources(cli: Cli): Promise<void> {
  const { items, others } = await cli.api.get<FeedbackSourceList>(cli.path('sources'));
  cli.out.data({ items, others }, () =>
    items.length + others.length === 0
      ? 'no sources; add one: holdfast feedback sources set NAME --kind …'
      : table([
          ['SOURCE', 'KIND', 'ON', 'NEW', 'REPEATS', 'FILTERED', 'QUARANTINED', 'LAST', 'PROBLEM'],
          ...items.map(({ name, kind, enabled, stats, lastReadAt, lastError }) => [
            ...[name, kind, enabled ? 'yes' : 'no', ...counts(stats)],
            ...[stats.lastDeliveryAt ?? lastReadAt ?? '-', lastError ?? '-'],
          ]),
          ...others.map(({ name, stats }) => [
            ...[name, '-', '-', ...counts(stats), stats.lastDeliveryAt ?? '-', '-'],
          ]),
        ]),
  );
}

function counts(stats: FeedbackSource['stats']): string[] {
  return [stats.new, stats.repeats, stats.filtered, stats.quarantined].map(String);
}

export interface SetFlags {
  readonly kind?: string;
  readonly secret?: string;
  readonly token?: string;
  readonly repository?: string[];
  readonly gitlabProject?: string[];
  readonly subreddit?: string[];
  readonly every?: string;
  readonly onlyLabel?: string[];
  readonly withoutLabel?: string[];
  readonly level?: string;
  readonly dailyQuota?: string;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
}

/** What is there already is kept where no flag names it. */
export async function setSource(cli: Cli, [name = '']: readonly string[], flags: SetFlags): Promise<void> {
  const old = await present(cli, name);
  const kind = flags.kind ?? old?.kind;
  if (kind === undefined) throw new CliError(exitCodes.usage, `${name} is new: say its --kind`);
  const secret = flags.secret ?? old?.secret ?? undefined;
  const quota =
    flags.dailyQuota === undefined ? old?.dailyQuota : integerOf('--daily-quota', flags.dailyQuota);
  const input: FeedbackSourceInput = {
    kind: kind as FeedbackSourceInput['kind'],
    enabled: flags.disabled !== true && (flags.enabled === true || (old?.enabled ?? true)),
    settings: withoutGaps<FeedbackSettings>({ ...old?.settings, ...settingsOf(flags) }),
    filter: withoutGaps<FeedbackFilter>({ ...old?.filter, ...filterOf(flags) }),
    ...(secret === undefined ? {} : { secret }),
    ...(quota == null || quota === 0 ? {} : { dailyQuota: quota }),
  };
  const source = await cli.api.put<FeedbackSource>(pathOf(cli, name), input);
  cli.out.data(source, () => sourceText(cli, source));
}

export async function removeSource(cli: Cli, [name = '']: readonly string[]): Promise<void> {
  await cli.api.delete(pathOf(cli, name));
  cli.out.data({ removed: name }, () => `${name} is removed; what came from it stays`);
}

async function present(cli: Cli, name: string): Promise<FeedbackSource | null> {
  try {
    return await cli.api.get<FeedbackSource>(pathOf(cli, name));
  } catch (error) {
    if (error instanceof CliError && error.exitCode === exitCodes.notFound) return null;
    throw error;
  }
}

function settingsOf(flags: SetFlags): Record<string, unknown> {
  return withoutGaps({
    repositories: flags.repository,
    projects: flags.gitlabProject,
    subreddits: flags.subreddit,
    token: flags.token,
    every: flags.every,
  });
}

function filterOf(flags: SetFlags): Record<string, unknown> {
  return withoutGaps({ labels: flags.onlyLabel, withoutLabels: flags.withoutLabel, level: flags.level });
}

function withoutGaps<T extends object>(from: object): T {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as T;
}

function pathOf(cli: Cli, name: string): string {
  return cli.path(`sources/${encodeURIComponent(name)}`);
}

function sourceText(cli: Cli, source: FeedbackSource): string {
  return fields([
    ['source', source.name],
    ['kind', source.kind],
    ['enabled', source.enabled ? 'yes' : 'no'],
    ['secret', source.secret ?? 'none: deliveries need an API key'],
    ['webhook', `${cli.api.url.replace(/\/$/, '')}${cli.path(`ingest/${source.name}`)}`],
    ['settings', JSON.stringify(source.settings)],
    ['filter', JSON.stringify(source.filter)],
    ['quota', source.dailyQuota === null ? 'none' : `${source.dailyQuota} a day`],
  ]);
}
