import { readFile } from 'node:fs/promises';
import { text as textOfStream } from 'node:stream/consumers';
import { CliError, exitCodes } from '../exit.ts';
import { integerOf } from '../flags.ts';
import { requestOf, type SampledRequest } from './request-line.ts';

/** What stands for the parts that a line does not name. */
export interface Defaults {
  readonly port?: string;
  readonly host?: string;
}

/** A request and the line of the file it comes from. */
export interface Sample {
  readonly line: number;
  readonly request: SampledRequest;
}

/** What one simulation takes. */
export const mostRequests = 5000;
const mostFaults = 20;

/** Reads requests from JSONL, `-` being standard input: our own words, or those of access logs that are written as JSON. */
export async function readRequests(path: string, defaults: Defaults): Promise<Sample[]> {
  const name = path === '-' ? 'stdin' : path;
  const samples: Sample[] = [];
  const faults: string[] = [];
  const fallback = { port: portOf(defaults.port), host: defaults.host };
  for (const [index, text] of (await read(path)).split(/\r?\n/).entries()) {
    if (text.trim() === '') continue;
    const request = requestOf(text, fallback);
    if (typeof request === 'string') faults.push(`${name}:${index + 1}: ${request}`);
    else samples.push({ line: index + 1, request });
  }
  if (faults.length > 0) throw new CliError(exitCodes.usage, faultText(faults));
  if (samples.length === 0) throw new CliError(exitCodes.usage, `${name} has no requests`);
  return samples;
}

/** So many of them, evenly over the whole file. */
export function spread(samples: readonly Sample[], count: number): Sample[] {
  if (samples.length <= count) return [...samples];
  return Array.from(
    { length: count },
    (_unused, at) => samples[Math.floor((at * samples.length) / count)],
  ).filter((sample) => sample !== undefined);
}

function portOf(port: string | undefined): number | undefined {
  return port === undefined ? undefined : integerOf('--port', port);
}

function faultText(faults: readonly string[]): string {
  const more = faults.length - mostFaults;
  return [...faults.slice(0, mostFaults), ...(more > 0 ? [`and ${more} lines more`] : [])].join('\n');
}

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await textOfStream(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw new CliError(exitCodes.usage, `cannot read ${path}: ${(error as Error).message}`);
  }
}
