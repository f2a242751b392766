import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../../contracts/run-record.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';

interface ExportFlags {
  readonly output?: string;
  readonly clear?: boolean;
}

/** holdfast runs export ID: the signed record, to a file or to stdout. */
export async function exportRun(cli: Cli, [id = '']: readonly string[], flags: ExportFlags): Promise<void> {
  const file = flags.output ?? `${id}.holdfast.json`;
  const record = await cli.api.get<RunRecord>(
    cli.path(`operations/${id}/record`),
    flags.clear ? { payloads: 'clear' } : {},
    flags.clear ? { 'holdfast-codec-key': codecToken(cli) } : {},
  );
  const text = `${JSON.stringify(record)}\n`;
  if (file !== '-') await write(file, text);
  if (file === '-') cli.out.data(record, () => text.trimEnd());
  else cli.out.data({ file, ...record.manifest }, () => `${file}: signed by key ${record.signature.keyId}`);
}

/** For its owner alone, and nothing that is there is overwritten. */
async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is there already' : String(error);
    throw new CliError(exitCodes.failed, `${file} cannot be written: ${why}`);
  }
}

function codecToken({ config }: Cli): string {
  const file = config.secrets.codecToken ?? join(config.home, 'secrets/codec-token');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new CliError(
      exitCodes.auth,
      `--clear needs the key of the codec server, and ${file} cannot be read; set HOLDFAST_CODEC_TOKEN to its file`,
    );
  }
}
