import type { FoundCheckpoint } from '../../domain/audit/check-checkpoints.ts';
import type { LogLine } from '../../domain/audit/log-line.ts';

/** An export as it streams by: what stands at its head has been read, the entries follow. */
export interface OpenExport {
  readonly project: string;
  readonly checkpoints: readonly FoundCheckpoint[];
  readonly batches: AsyncIterable<readonly LogLine[]>;
}

/** Reads header and checkpoints. Throws when it is no export of the audit. */
export async function openExport(chunks: AsyncIterable<Uint8Array>): Promise<OpenExport> {
  const lines = parsedLines(chunks);
  const checkpoints: FoundCheckpoint[] = [];
  let project: string | undefined;
  for (;;) {
    const step = await lines.next();
    if (step.done === true) break;
    const batch = step.value;
    const first = batch.findIndex((line) => !isHead(line));
    for (const line of first === -1 ? batch : batch.slice(0, first)) {
      if (line.format === 'holdfast-audit/1') project ??= line.project;
      if (line.note !== undefined) checkpoints.push({ place: Number(line.size), note: line.note });
    }
    if (project === undefined) break;
    if (first !== -1) return { project, checkpoints, batches: logLines(batch.slice(first), lines) };
  }
  if (project === undefined)
    throw new Error('this is no export of the audit: its first line does not say so');
  return { project, checkpoints, batches: logLines([], lines) };
}

interface RawLine {
  readonly format?: string;
  readonly project?: string;
  readonly size?: number;
  readonly note?: string;
  readonly seq?: number;
  readonly entry?: string;
  readonly bytes?: string | null;
  readonly prev?: string;
  readonly hash?: string;
  readonly salt?: string;
  readonly data?: string;
  readonly end?: boolean;
  readonly unreadable?: string;
}

function isHead(line: RawLine): boolean {
  return line.format !== undefined || line.note !== undefined;
}

async function* parsedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawLine[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  const parse = (text: string): RawLine => {
    number += 1;
    try {
      return JSON.parse(text) as RawLine;
    } catch {
      return { unreadable: `line ${number} is not JSON` };
    }
  };
  for await (const chunk of chunks) {
    const texts = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = texts.pop() ?? '';
    if (texts.length > 0) yield texts.map(parse);
  }
  if (rest !== '') yield [parse(rest)];
}

async function* logLines(first: RawLine[], more: AsyncGenerator<RawLine[]>): AsyncGenerator<LogLine[]> {
  if (first.length > 0) yield first.map(toLogLine);
  for await (const batch of more) yield batch.map(toLogLine);
}

function toLogLine(line: RawLine): LogLine {
  const { seq, entry, bytes, prev, hash, salt, data } = line;
  if (line.end === true) return { kind: 'end' };
  if (typeof entry === 'string' && typeof bytes === 'string' && seq === undefined) {
    return { kind: 'waiting', entry, bytes: Buffer.from(bytes, 'base64') };
  }
  if (typeof entry !== 'string' || typeof seq !== 'number' || prev === undefined || hash === undefined) {
    return { kind: 'malformed', detail: line.unreadable ?? 'a line is neither entry, checkpoint nor end' };
  }
  return {
    kind: 'sealed',
    seq,
    entry,
    bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : null,
    prev: Buffer.from(prev, 'base64'),
    hash: Buffer.from(hash, 'base64'),
    personal:
      salt === undefined || data === undefined
        ? null
        : { salt: Buffer.from(salt, 'base64'), data: Buffer.from(data, 'base64') },
  };
}
