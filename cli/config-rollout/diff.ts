import type { ConfigDiff, ConfigPreview } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';
import { readDocument } from './document-file.ts';
import { diffText } from './diff-text.ts';
import { environmentOf, environmentPath, type EnvironmentFlags } from './environment.ts';
import { documentPart, locating } from './faults.ts';
import { tellProblems } from './plan.ts';
import { resolveRevision } from './revision-name.ts';

interface Flags extends EnvironmentFlags {
  readonly file?: string;
}

export async function diffConfig(cli: Cli, [from, to]: readonly string[], flags: Flags): Promise<ExitCode> {
  if (flags.file !== undefined) {
    if (from !== undefined)
      throw new CliError(exitCodes.usage, 'give revisions, or --file, which is compared with what is live');
    return diffFile(cli, environmentOf(cli, flags), flags.file);
  }
  const environment = environmentOf(cli, flags);
  const diff = await cli.api.get<ConfigDiff>(environmentPath(cli, environment, 'config/diff'), {
    from: from === undefined ? undefined : await resolveRevision(cli, environment, from),
    to: to === undefined ? undefined : await resolveRevision(cli, environment, to),
  });
  cli.out.data(diff, () => diffText(diff, cli.out));
  return exitCodes.ok;
}

/** A document that nobody has put yet, as the API previews it. */
async function diffFile(cli: Cli, environment: string, path: string): Promise<ExitCode> {
  const file = await readDocument(path);
  const request = cli.api.post<ConfigPreview>(environmentPath(cli, environment, 'config/plan'), {
    document: file.document,
  });
  const { body: preview } = await locating([documentPart(file)], request);
  const code = tellProblems(cli, preview, file);
  cli.out.data(preview.diff, () => diffText(preview.diff, cli.out));
  return code;
}
