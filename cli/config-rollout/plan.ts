import type { ConfigPreview } from '../../contracts/config-revision.ts';
import { locateProblem, type ConfigFile } from '../config-file.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';
import type { Output } from '../output.ts';
import { diffText } from './diff-text.ts';
import { readDocument } from './document-file.ts';
import { environmentOf, environmentPath, short, type EnvironmentFlags } from './environment.ts';
import { documentPart, locating } from './faults.ts';
import { readRolloutPlan } from './plan-file.ts';
import { planLines } from './plan-text.ts';
import { resolveRevision } from './revision-name.ts';

interface Flags extends EnvironmentFlags {
  readonly file?: string;
  readonly revision?: string;
  readonly plan?: string;
}

/** What a rollout would come to, with nothing written. Exit code 2 when the document could not be rolled out. */
export async function planConfig(cli: Cli, _args: readonly string[], flags: Flags): Promise<ExitCode> {
  if (flags.file !== undefined && flags.revision !== undefined)
    throw new CliError(exitCodes.usage, 'give either --file or --revision');
  const environment = environmentOf(cli, flags);
  const file = flags.file === undefined ? null : await readDocument(flags.file);
  const planFile = await readRolloutPlan(flags.plan);
  const { revision } = flags;
  const request = cli.api.post<ConfigPreview>(environmentPath(cli, environment, 'config/plan'), {
    ...(file === null ? {} : { document: file.document }),
    ...(revision === undefined ? {} : { revision: await resolveRevision(cli, environment, revision) }),
    ...(planFile === null ? {} : { plan: planFile.plan }),
  });
  const parts = [file === null ? null : documentPart(file), planFile === null ? null : planFile.part];
  const { body: preview } = await locating(parts, request);
  const code = tellProblems(cli, preview, file);
  cli.out.data(preview, () => previewText(preview, cli.out));
  return code;
}

/** Tells on stderr, at line and column, what is wrong with a document; the exit code is 2 when it cannot be used. */
export function tellProblems(cli: Cli, preview: ConfigPreview, file: ConfigFile | null): ExitCode {
  const at = (fault: { pointer: string; detail: string }): string =>
    file === null
      ? `${short(preview.revision)} ${fault.pointer || '/'} ${fault.detail}`
      : locateProblem(file, fault);
  for (const problem of preview.problems) cli.out.note(at(problem));
  for (const { severity, pointer, detail } of preview.findings) {
    cli.out.note(at({ pointer, detail: `haproxy ${severity}: ${detail}` }));
  }
  const faults = preview.problems.length + preview.findings.length;
  return faults === 0 ? exitCodes.ok : exitCodes.usage;
}

function previewText(preview: ConfigPreview, out: Output): string {
  const { diff, plan, waves, frozenUntil } = preview;
  return [
    diffText(diff, out),
    '',
    ...planLines(plan, waves),
    ...(frozenUntil === null
      ? []
      : ['', `frozen until ${frozenUntil}: no wave begins before, unless --ignore-freeze says so`]),
  ].join('\n');
}
