import { OpsError } from '../../domain/errors.ts';
import { createCsvReader, type CsvRow } from '../../domain/feedback/csv-reader.ts';
import { inputOf, readManual } from '../../domain/feedback/connectors/manual.ts';
import type { Report } from '../../domain/feedback/report.ts';

/** A row of an uploaded file: a report, or why it is none. */
export interface UploadRow {
  readonly line: number;
  readonly report: Report | null;
  readonly fault: string;
}

export type UploadFormat = 'csv' | 'jsonl';

const mostBytes = 20 * 1024 * 1024;
const longestLine = 1024 * 1024;

/** The rows of a file as they come in; never more than a part of it is in memory. Throws `too-large` beyond 20 MiB. */
export async function* uploadRows(
  format: UploadFormat,
  body: AsyncIterable<Buffer | string>,
  now: string,
): AsyncGenerator<UploadRow> {
  const texts = textsOf(body);
  const rows = format === 'csv' ? csvRows(texts) : jsonRows(texts);
  for await (const { line, value, fault } of rows) {
    const input = fault === null ? inputOf(value) : null;
    if (input === null) yield { line, report: null, fault: fault ?? 'it has no title' };
    else yield { line, report: readManual(input, now), fault: '' };
  }
}

async function* textsOf(body: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false });
  let bytes = 0;
  for await (const part of body) {
    const buffer = Buffer.from(part);
    bytes += buffer.length;
    if (bytes > mostBytes)
      throw new OpsError('too-large', 'a file may have 20 MiB: split it; what came before is kept');
    yield decoder.decode(buffer, { stream: true });
  }
  yield decoder.decode();
}

interface Value {
  readonly line: number;
  readonly value: unknown;
  readonly fault: string | null;
}

async function* csvRows(texts: AsyncIterable<string>): AsyncGenerator<Value> {
  const reader = createCsvReader();
  let names: readonly string[] | null = null;
  for await (const row of rowsOf(reader, texts)) {
    if ('fault' in row) yield { line: row.line, value: null, fault: row.fault };
    else if (names === null) names = headerOf(row);
    else yield { line: row.line, value: recordOf(names, row), fault: lengthFault(names, row) };
  }
}

async function* rowsOf(
  reader: ReturnType<typeof createCsvReader>,
  texts: AsyncIterable<string>,
): AsyncGenerator<CsvRow | { line: number; fault: string }> {
  let line = 1;
  for await (const text of texts)
    for (const row of reader.push(text)) {
      line = row.line;
      yield row;
    }
  try {
    yield* reader.end();
  } catch (error) {
    yield { line: line + 1, fault: (error as Error).message };
  }
}

function headerOf({ cells }: CsvRow): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  if (names.includes('title')) return names;
  throw new OpsError(
    'invalid-input',
    'the first line must name the columns, title among them: title, body, externalId, kind, status, labels, service, release, url, at',
  );
}

function recordOf(names: readonly string[], { cells }: CsvRow): unknown {
  return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
}

function lengthFault(names: readonly string[], { cells }: CsvRow): string | null {
  return cells.length === names.length
    ? null
    : `it has ${cells.length} cells, and there are ${names.length} columns`;
}

async function* jsonRows(texts: AsyncIterable<string>): AsyncGenerator<Value> {
  let [rest, line] = ['', 0];
  for await (const text of texts) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) yield* jsonRow(each, (line += 1));
    // Without an end in sight every part that comes would be looked through from its beginning.
    if (rest.length > longestLine)
      throw new OpsError('too-large', `line ${line + 1} is longer than 1 MiB; what came before is kept`);
  }
  yield* jsonRow(rest, line + 1);
}

function* jsonRow(text: string, line: number): Generator<Value> {
  if (text.trim() === '') return;
  try {
    yield { line, value: JSON.parse(text) as unknown, fault: null };
  } catch {
    yield { line, value: null, fault: 'it is not JSON' };
  }
}
