import { readFile } from 'node:fs/promises';
import type {
  ClusteringSettings,
  ClusteringStatus,
  ClusterJob,
} from '../../contracts/feedback-clustering.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';
import { integerOf } from '../flags.ts';
import { fields, table } from '../table.ts';
import { within } from '../within.ts';

export async function showStatus(cli: Cli): Promise<void> {
  const status = await cli.api.get<ClusteringStatus>(cli.path('clustering/status'));
  const { lastJob } = status;
  cli.out.data(status, () =>
    fields([
      ['items', `${status.items}, ${status.pending} wait, ${status.provisional} are provisional`],
      ['clusters', `${status.clusters} of two items and more`],
      ['quarantined', `${status.quarantined}`],
      ['clustering', status.isClustering ? 'now' : 'no'],
      ['method', `${status.method}, threshold ${status.threshold?.toFixed(3) ?? '-'}`],
      ['model', status.model ?? '-'],
      ['last job', lastJob === null ? 'none yet' : jobLine(lastJob)],
    ]),
  );
}

export async function listJobs(cli: Cli, _args: readonly string[], flags: { limit: string }): Promise<void> {
  const query = { limit: integerOf('--limit', flags.limit) };
  const { items } = await cli.api.get<{ items: ClusterJob[] }>(cli.path('cluster-jobs'), query);
  cli.out.data(items, () =>
    items.length === 0
      ? 'no jobs yet'
      : table([
          ['JOB', 'KIND', 'STATE', 'STARTED', 'FINISHED', 'CLUSTERED', 'NEW', 'CHANGED', 'FAILED'],
          ...items.map((job) => [
            ...[job.id, job.kind, job.state, job.startedAt ?? '-', job.finishedAt ?? '-'],
            ...[job.stats.clustered, job.stats.new_clusters, job.stats.updated_clusters].map(String),
            String(job.stats.embedding_failures),
          ]),
        ]),
  );
}

interface RunFlags {
  readonly timeout: string;
  readonly wait: boolean;
}

export async function runEverything(cli: Cli, _args: readonly string[], flags: RunFlags): Promise<ExitCode> {
  const { body: asked } = await cli.api.post<ClusterJob>(cli.path('cluster-jobs'), undefined);
  cli.reattachBy('holdfast clusters jobs');
  const job = flags.wait ? await within(cli, flags.timeout, untilEnded(cli, asked.id)) : asked;
  cli.out.data(job, () => jobLine(job));
  return job.state === 'failed' ? exitCodes.failed : exitCodes.ok;
}

async function untilEnded(cli: Cli, id: string): Promise<ClusterJob> {
  for (;;) {
    const job = await cli.api.get<ClusterJob>(cli.path(`cluster-jobs/${id}`));
    if (job.finishedAt !== null) return job;
    cli.out.progress(`job ${id} is ${job.state}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

interface SettingsFlags {
  readonly method?: string;
  readonly threshold?: string;
  readonly minSize?: string;
  readonly truncate?: string;
  readonly codeowners?: string;
  readonly defaults?: boolean;
}

/** What is not named stays as it is, which is at least what the installation has. */
export async function changeSettings(
  cli: Cli,
  _args: readonly string[],
  flags: SettingsFlags,
): Promise<void> {
  const path = cli.path('clustering/settings');
  const present = await cli.api.get<ClusteringSettings>(path);
  const wish = { ...wishOf(flags), ...(await ownersOf(flags)) };
  const isLook = Object.keys(wish).length === 0 && flags.defaults !== true;
  const settings = isLook
    ? present
    : await cli.api.put<ClusteringSettings>(path, flags.defaults === true ? wish : { ...present, ...wish });
  cli.out.data(settings, () =>
    fields([
      ['method', settings.method],
      ['threshold', settings.threshold === null ? 'auto' : String(settings.threshold)],
      ['least size', String(settings.minSize)],
      ['of a body', `${settings.truncateBodyChars} characters`],
      [
        'codeowners',
        settings.codeowners === undefined ? 'none' : `${settings.codeowners.split('\n').length} lines`,
      ],
    ]),
  );
}

function wishOf({ method, threshold, minSize, truncate }: SettingsFlags): Record<string, unknown> {
  return {
    ...(method === undefined ? {} : { method }),
    ...(threshold === undefined ? {} : { threshold: threshold === 'auto' ? null : similarityOf(threshold) }),
    ...(minSize === undefined ? {} : { minSize: integerOf('--min-size', minSize) }),
    ...(truncate === undefined ? {} : { truncateBodyChars: integerOf('--truncate', truncate) }),
  };
}

async function ownersOf({ codeowners: file }: SettingsFlags): Promise<{ codeowners?: string }> {
  if (file === undefined) return {};
  try {
    return { codeowners: await readFile(file, 'utf8') };
  } catch (error) {
    throw new CliError(exitCodes.usage, `--codeowners: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function similarityOf(text: string): number {
  const similarity = Number(text);
  if (text.trim() !== '' && similarity > 0 && similarity <= 1) return similarity;
  throw new CliError(
    exitCodes.usage,
    `--threshold must be auto, or over 0 and at most 1, not ${JSON.stringify(text)}`,
  );
}

function jobLine({ id, kind, state, stats, error }: ClusterJob): string {
  const done = `${stats.clustered} items, ${stats.new_clusters} new clusters, ${stats.updated_clusters} changed`;
  return `${id} (${kind}) ${state}: ${error ?? done}`;
}
