import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { FeedbackUpload } from '../../contracts/feedback.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';

const types: Readonly<Record<string, string>> = { csv: 'text/csv', jsonl: 'application/x-ndjson' };

/** Exit code 1 when rows were refused. The key is made of the content, so that a file that broke off is simply imported again. */
export async function importFeedback(
  cli: Cli,
  [path = '-']: readonly string[],
  { format }: { format?: string },
): Promise<ExitCode> {
  const type = typeOf(path, format);
  const bytes = await read(path);
  cli.out.progress(`sending ${bytes.length} bytes`);
  const key = `import-${createHash('sha256').update(type).update(bytes).digest('hex')}`;
  const upload = await cli.api.upload<FeedbackUpload>(cli.path('ingest/upload'), { bytes, type, key });
  cli.out.data(upload, () => textOf(upload));
  return upload.refused === 0 ? exitCodes.ok : exitCodes.failed;
}

function typeOf(path: string, format: string | undefined): string {
  const name = format ?? (/\.(csv|jsonl|ndjson)$/.exec(path)?.[1] ?? '').replace('ndjson', 'jsonl');
  const type = types[name];
  if (type !== undefined) return type;
  throw new CliError(exitCodes.usage, 'say which format it is: --format csv or --format jsonl');
}

async function read(path: string): Promise<Buffer> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw new CliError(exitCodes.usage, `${path} cannot be read: ${(error as Error).message}`);
  }
}

function textOf({ rowsRead, accepted, refused, faults }: FeedbackUpload): string {
  const lines = [`${rowsRead} rows read, ${accepted} accepted, ${refused} refused`];
  lines.push(...faults.map(({ line, detail }) => `  line ${line}: ${detail}`));
  if (refused > faults.length) lines.push(`  and ${refused - faults.length} more`);
  return lines.join('\n');
}
