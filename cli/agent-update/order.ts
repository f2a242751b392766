import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AgentRelease, AgentUpdate, OrderAgentUpdate } from '../../contracts/agent-update.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { labelsOf } from '../fleet/enroll.ts';
import { millisecondsOf, required } from '../flags.ts';
import { table } from '../table.ts';

interface Flags {
  readonly env?: string;
  readonly region?: string;
  readonly label?: string[];
  readonly all?: boolean;
  readonly file?: string;
  readonly validFor?: string;
  readonly reason?: string;
}

/** Uploads a release and orders it. Prints for which proxies. */
export async function orderAgentUpdate(cli: Cli, names: readonly string[], flags: Flags): Promise<void> {
  const chosen = selectionOf(cli, names, flags);
  const content = flags.file === undefined ? await built() : await fileOf(flags.file);
  const release = createHash('sha256').update(content).digest('hex');
  const upload = { version: versionOf(content, flags.file), content };
  await cli.api.put<AgentRelease>(cli.path(`agent-releases/${release}`), upload);
  const { body } = await cli.api.post<AgentUpdate>(cli.path('agent-updates'), { release, ...chosen });
  cli.out.note(
    `ordered agent ${body.version} (${release.slice(0, 12)}), to be taken until ${body.expiresAt}`,
  );
  cli.out.data(body, () =>
    table([['PROXY', 'ORDER'], ...body.orders.map(({ proxy, sequence }) => [proxy, String(sequence)])]),
  );
}

function selectionOf(cli: Cli, names: readonly string[], flags: Flags): Omit<OrderAgentUpdate, 'release'> {
  const { env, region, label, all, validFor } = flags;
  const reason = required('--reason', flags.reason, 'say why; it is kept in the audit');
  const isNamed = names.length > 0 || region !== undefined || label !== undefined;
  if (isNamed && all === true)
    throw new CliError(exitCodes.usage, '--all goes without names, --region and --label');
  if (!isNamed && all !== true)
    throw new CliError(exitCodes.usage, 'name proxies, or choose them by --region or --label, or take --all');
  if (validFor !== undefined) millisecondsOf('--valid-for', validFor);
  return {
    environment: env ?? cli.config.agent.environment,
    reason,
    ...(names.length === 0 ? {} : { proxies: [...names] }),
    ...(region === undefined ? {} : { region }),
    ...(label === undefined ? {} : { labels: labelsOf(label) }),
    ...(all === true ? { all } : {}),
    ...(validFor === undefined ? {} : { validFor }),
  };
}

/** Loaded only here: with a file nothing is needed to build one. */
async function built(): Promise<string> {
  return (await import('../../infra/agent-release/build.ts')).buildAgentRelease();
}

async function fileOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(exitCodes.usage, `--file ${path} cannot be read: ${(error as Error).message}`);
  });
}

/** As the build writes it into the first line. */
function versionOf(content: string, file: string | undefined): string {
  const [, version] = /^\/\/ holdfast proxy agent (\S+)\n/.exec(content) ?? [];
  if (version !== undefined) return version;
  throw new CliError(
    exitCodes.usage,
    `--file ${file} is no release of the agent: its first line names no version`,
  );
}
