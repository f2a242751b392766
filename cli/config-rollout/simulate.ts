import type { ConfigSimulation } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { readDocument } from './document-file.ts';
import { environmentOf, environmentPath, short, type EnvironmentFlags } from './environment.ts';
import { documentPart, locateFaults } from './faults.ts';
import { mostRequests, readRequests, spread, type Sample } from './requests-file.ts';
import { resolveRevision } from './revision-name.ts';

interface Flags extends EnvironmentFlags {
  readonly file?: string;
  readonly revision?: string;
  readonly against?: string;
  readonly requests?: string;
  readonly port?: string;
  readonly host?: string;
  readonly all?: boolean;
}

type Affected = ConfigSimulation['affected'][number];

/** Old and new HAProxy side by side, on sampled requests; every one that changes is told, with its line. */
export async function simulateConfig(cli: Cli, _args: readonly string[], flags: Flags): Promise<void> {
  if (flags.file !== undefined && flags.revision !== undefined)
    throw new CliError(exitCodes.usage, 'give either --file or --revision');
  const environment = environmentOf(cli, flags);
  const file = flags.file === undefined ? null : await readDocument(flags.file);
  const samples = await samplesOf(cli, flags);
  const simulation = await cli.api
    .post<ConfigSimulation>(environmentPath(cli, environment, 'config/simulate'), {
      ...(file === null ? {} : { document: file.document }),
      ...(await revisionsOf(cli, environment, flags)),
      ...(samples === null ? {} : { requests: samples.map(({ request }) => request) }),
    })
    .catch((error: unknown) => {
      throw lineFaults(locateFaults(error, file === null ? [] : [documentPart(file)]), samples ?? [], flags);
    });
  const result = withLines(simulation.body, samples);
  cli.out.data(result, () => resultText(result, flags.all === true));
}

/** null: those that the fleet has seen. */
async function samplesOf(cli: Cli, flags: Flags): Promise<Sample[] | null> {
  if (flags.requests === undefined) {
    if (flags.port !== undefined || flags.host !== undefined)
      throw new CliError(exitCodes.usage, '--port and --host are for lines of --requests');
    return null;
  }
  const all = await readRequests(flags.requests, flags);
  if (all.length > mostRequests) {
    cli.out.note(
      `${all.length} requests are more than one simulation takes: every part of the file gives its share of ${mostRequests}`,
    );
  }
  return spread(all, mostRequests);
}

async function revisionsOf(
  cli: Cli,
  environment: string,
  { revision, against }: Flags,
): Promise<{ revision?: string; against?: string }> {
  return {
    ...(revision === undefined ? {} : { revision: await resolveRevision(cli, environment, revision) }),
    ...(against === undefined ? {} : { against: await resolveRevision(cli, environment, against) }),
  };
}

/** What the API finds wrong in a request stands at a line of the file. */
function lineFaults(error: unknown, samples: readonly Sample[], { requests = '' }: Flags): unknown {
  if (!(error instanceof CliError) || error.problem?.errors === undefined) return error;
  const name = requests === '-' ? 'stdin' : requests;
  const lines = error.problem.errors.flatMap(({ pointer, detail }) => {
    const [, at, part] = /^\/requests\/(\d+)\/?(.*)$/.exec(pointer) ?? [];
    const line = samples[Number(at)]?.line;
    return line === undefined ? [] : [`${name}:${line}: ${part ?? ''} ${detail}`];
  });
  return lines.length === 0 ? error : new CliError(error.exitCode, lines.join('\n'), error.problem);
}

interface Result extends Omit<ConfigSimulation, 'affected'> {
  /** `line` is not there for what the fleet has seen. */
  readonly affected: readonly (Affected & { readonly line?: number })[];
}

function withLines(simulation: ConfigSimulation, samples: readonly Sample[] | null): Result {
  const lineOf = (index: number) => (samples === null ? {} : { line: samples[index]?.line ?? 0 });
  return { ...simulation, affected: simulation.affected.map((each) => ({ ...each, ...lineOf(each.index) })) };
}

function resultText({ from, to, requests, affected, seen }: Result, all: boolean): string {
  const which =
    seen === undefined ? 'requests' : `requests that the fleet saw from ${seen.from} to ${seen.to}`;
  const others = (seen?.elsewhere ?? 0) === 0 ? [] : [elsewhereText(seen?.elsewhere ?? 0)];
  const title = `${from === null ? 'nothing' : short(from)} -> ${short(to)}: ${affected.length} of ${requests} ${which} change`;
  if (affected.length === 0) return [title, ...others].join('\n');
  const groups = Map.groupBy(affected, ({ changes }) => changes.map(changeText).join(', '));
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  return [title, ...others, ...sorted.flatMap(([what, members]) => groupLines(what, members, all))].join(
    '\n',
  );
}

function elsewhereText(count: number): string {
  return `${count} more came to ports that neither of the two listens on, as through a redirected port: they are left out`;
}

const examples = 3;

function groupLines(what: string, members: Result['affected'], all: boolean): string[] {
  const shown = all ? members : members.slice(0, examples);
  const more = members.length - shown.length;
  return [
    '',
    `${members.length} × ${what}`,
    ...shown.map(
      ({ line, request }) =>
        `  ${line === undefined ? '' : `line ${line}: `}${request.method} ${request.host}${request.path} on port ${request.port}`,
    ),
    ...(more === 0 ? [] : [`  and ${more} more; all of them: --all`]),
  ];
}

function changeText({ what, name, before, after }: Affected['changes'][number]): string {
  const subject = name === undefined ? what : `${what} ${name}`;
  return `${subject}: ${before ?? 'none'} -> ${after ?? 'none'}`;
}
