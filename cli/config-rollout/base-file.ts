import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';

/**
 * Which revision a file was made from, for each environment it is put to. It stands beside the file as `<file>.revision`, so that it goes
 * where the file goes, into version control too: what others put in the meantime is then found, and merged.
 */
export function baseFileOf(file: string): string {
  return `${file}.revision`;
}

/** null: not known. */
export async function readBase(cli: Cli, file: string, environment: string): Promise<string | null> {
  return (await readAll(file)).get(keyOf(cli, environment)) ?? null;
}

export async function writeBase(
  cli: Cli,
  file: string,
  environment: string,
  revision: string,
): Promise<void> {
  const all = (await readAll(file)).set(keyOf(cli, environment), revision);
  const lines = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key} ${value}\n`);
  const path = baseFileOf(file);
  await writeFile(`${path}.part`, heading + lines.join(''));
  await rename(`${path}.part`, path);
}

const heading = '# The revision that the file beside this one was made from. Written by holdfast config.\n';

function keyOf(cli: Cli, environment: string): string {
  return `${cli.project}/${environment}`;
}

async function readAll(file: string): Promise<Map<string, string>> {
  const path = baseFileOf(file);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new CliError(exitCodes.usage, `cannot read ${path}: ${(error as Error).message}`);
  });
  const all = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, key, revision] = /^(\S+\/\S+) ([0-9a-f]{64})\s*$/.exec(line) ?? [];
    if (key === undefined || revision === undefined) {
      throw new CliError(
        exitCodes.usage,
        `${path}:${index + 1}:1: must be PROJECT/ENVIRONMENT and a revision; repair the line, or remove the file and say --base`,
      );
    }
    all.set(key, revision);
  }
  return all;
}
