import { readFile, writeFile } from 'node:fs/promises';
import { text as textOfStream } from 'node:stream/consumers';
import type { ConfigImport } from '../../contracts/config-revision.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes } from '../exit.ts';
import { environmentOf, environmentPath, type EnvironmentFlags } from './environment.ts';
import { yamlText } from './rewrite-yaml.ts';

interface Flags extends EnvironmentFlags {
  readonly output?: string;
}

/** An existing haproxy.cfg as a document: YAML on stdout or in a file, and on stderr each line that the document does not say as it was. */
export async function importConfig(cli: Cli, [path = '-']: readonly string[], flags: Flags): Promise<void> {
  const name = path === '-' ? 'stdin' : path;
  const haproxy = await read(path);
  const { body } = await cli.api.post<ConfigImport>(
    environmentPath(cli, environmentOf(cli, flags), 'config/import'),
    { haproxy },
  );
  const yaml = yamlText(body.document);
  const { output } = flags;
  if (output !== undefined && output !== '-') await write(output, yaml);
  for (const { line, text, kind, detail } of body.notes) {
    cli.out.note(`${name}:${line}: ${kind}: ${text}: ${detail}`);
  }
  cli.out.note(countsOf(name, body));
  cli.out.data(body, () => (output === undefined || output === '-' ? yaml.trimEnd() : output));
}

function countsOf(name: string, { notes }: ConfigImport): string {
  const lost = notes.filter(({ kind }) => kind === 'lost').length;
  const changed = notes.length - lost;
  if (notes.length === 0) return `${name}: every line is in the document`;
  return `${name}: ${linesOf(lost)} not understood and not in the document, ${linesOf(changed)} in it in another way`;
}

function linesOf(count: number): string {
  return count === 1 ? '1 line is' : `${count} lines are`;
}

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await textOfStream(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw new CliError(exitCodes.usage, `cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Nothing that is there is overwritten. */
async function write(path: string, yaml: string): Promise<void> {
  try {
    await writeFile(path, yaml, { flag: 'wx' });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is there already' : String(error);
    throw new CliError(exitCodes.failed, `${path} cannot be written: ${why}`);
  }
}
