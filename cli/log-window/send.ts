import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { LogBatchResult } from '../../contracts/log-window.ts';
import type { Cli } from '../context.ts';
import { CliError, exitCodes, type ExitCode } from '../exit.ts';

/** Of one request. Not to be changed: the keys are made of the batches, and another cut would count a file anew. */
const linesAtOnce = 1000;
const mostFaults = 20;

interface Sent {
  readonly accepted: number;
  readonly refused: number;
  readonly errors: readonly { readonly line: number; readonly detail: string }[];
}

/** Exit code 1 when lines were refused. Keys are made of the content and its place, so that a file that broke off is simply sent again. */
export async function sendLogs(cli: Cli, [path = '-']: readonly string[]): Promise<ExitCode> {
  const lines = (await read(path)).toString('utf8').split(/\r?\n/);
  const sent = { accepted: 0, refused: 0, errors: [] as Sent['errors'][number][] };
  for (let from = 0; from < lines.length; from += linesAtOnce) {
    const batch = numbered(lines.slice(from, from + linesAtOnce), from + 1);
    if (batch.length === 0) continue;
    cli.out.progress(`sending lines from ${from + 1} on`);
    const { accepted, refused, errors } = await send(cli, batch, from);
    sent.accepted += accepted;
    sent.refused += refused;
    sent.errors.push(...errors);
  }
  const result: Sent = { ...sent, errors: sent.errors.slice(0, mostFaults) };
  cli.out.data(result, () => textOf(result));
  return result.refused === 0 ? exitCodes.ok : exitCodes.failed;
}

interface Numbered {
  readonly line: number;
  readonly text: string;
}

function numbered(lines: readonly string[], first: number): Numbered[] {
  return lines.flatMap((text, at) => (text.trim() === '' ? [] : [{ line: first + at, text }]));
}

async function send(cli: Cli, batch: readonly Numbered[], from: number): Promise<Sent> {
  const bytes = Buffer.from(batch.map(({ text }) => text).join('\n'));
  const key = `logs-${from}-${createHash('sha256').update(bytes).digest('hex')}`;
  const told = (errors: LogBatchResult['errors']) =>
    errors.map(({ pointer, detail }) => {
      const [, at = '0', field = ''] = /^\/lines\/(\d+)\/?(.*)$/.exec(pointer) ?? [];
      return { line: batch[Number(at)]?.line ?? 0, detail: field === '' ? detail : `${field} ${detail}` };
    });
  try {
    const type = 'application/x-ndjson';
    const result = await cli.api.upload<LogBatchResult>(cli.path('ingest/logs'), { bytes, type, key });
    return { ...result, errors: told(result.errors) };
  } catch (error) {
    const errors =
      error instanceof CliError && error.problem?.status === 400 ? error.problem.errors : undefined;
    if (errors?.every(({ pointer }) => /^\/lines\/\d/.test(pointer)) !== true) throw error;
    // Not one of the lines is valid; those behind them may be.
    return { accepted: 0, refused: batch.length, errors: told(errors) };
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw new CliError(exitCodes.usage, `${path} cannot be read: ${(error as Error).message}`);
  }
}

function textOf({ accepted, refused, errors }: Sent): string {
  const lines = [`${accepted} lines counted, ${refused} refused`];
  return [...lines, ...errors.map(({ line, detail }) => `  line ${line}: ${detail}`)].join('\n');
}
