import type { FastifySchemaValidationError } from 'fastify';
import type { LogBatchInput, LogLineInput } from '../../contracts/log-window.ts';
import type { LogLine } from '../../domain/log-window/log-window.ts';
import { redact } from '../../domain/redaction/redact.ts';
import { pointersOf } from '../pointers.ts';

interface TimedLine extends LogLineInput {
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

interface AcceptedLines {
  readonly lines: readonly TimedLine[];
  readonly refused: number;
  /** Of the first ones. */
  readonly errors: { pointer: string; detail: string }[];
}

/** What Fastify found wrong with a request. */
interface Invalid extends Error {
  readonly validation?: FastifySchemaValidationError[] | undefined;
  readonly validationContext?: string | undefined;
}

const mostErrors = 20;
const longestMessage = 2000;
/** What a clock that is wrong says would be kept for ever, or be gone at once. */
const earliestMs = Date.UTC(2000, 0);
const aheadMs = 3_600_000;

/** The lines that are valid. Throws what is wrong with the request itself. */
export function acceptedLines(
  body: LogBatchInput,
  invalid: Invalid | undefined,
  nowMs: number,
): AcceptedLines {
  const bad = invalid === undefined ? new Set<number>() : badLines(invalid);
  const errors = invalid === undefined ? [] : [...pointersOf(invalid.validation ?? [], 'body')];
  const accepted: TimedLine[] = [];
  for (const [at, line] of body.lines.entries()) {
    if (bad.has(at)) continue;
    const atMs = Date.parse(line.time);
    if (atMs >= earliestMs && atMs <= nowMs + aheadMs) accepted.push({ ...line, atMs });
    else
      errors.push({ pointer: `/lines/${at}/time`, detail: 'must be from 2000 on and at most an hour ahead' });
  }
  const refused = body.lines.length - accepted.length;
  return { lines: accepted, refused, errors: errors.slice(0, mostErrors) };
}

function badLines(invalid: Invalid): Set<number> {
  const lines = (invalid.validation ?? []).map(
    ({ instancePath }) => /^\/lines\/(\d+)/.exec(instancePath)?.[1],
  );
  if (invalid.validationContext !== 'body' || lines.includes(undefined)) throw invalid;
  return new Set(lines.map(Number));
}

/** Reads lines as they are counted, without secrets and personal data. For one batch: it remembers names that it has seen. */
export function lineReader(): (line: TimedLine) => LogLine {
  const names = new Map<string, string>();
  const named = (name: string): string => {
    const known = names.get(name) ?? redact(name).text;
    names.set(name, known);
    return known;
  };
  return ({
    atMs,
    service,
    route,
    status = null,
    level,
    release,
    latencyMs = null,
    user = null,
    message,
  }) => ({
    atMs,
    service: named(service),
    route: route === undefined ? null : named(route),
    status,
    isError: level === 'error' || level === 'fatal' || (status ?? 0) >= 500,
    release: release === undefined ? null : named(release),
    latencyMs,
    user,
    // Cut after it is redacted, or half a secret would stay.
    message: redact(message.slice(0, 2 * longestMessage))
      .text.slice(0, longestMessage)
      .toWellFormed(),
  });
}
