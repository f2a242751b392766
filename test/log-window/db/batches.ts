import type { LogBatch } from '../../../db/log-window/add.ts';
import { createMask } from '../../../domain/log-template/mask.ts';
import type { LogLine } from '../../../domain/log-window/log-window.ts';
import { preAggregate } from '../../../domain/log-window/pre-aggregate.ts';
import { line, startMs } from '../lines.ts';

export function batchOf(batchId: string, lines: readonly LogLine[]): LogBatch {
  const windows = preAggregate(lines, createMask());
  return { project: 'default', batchId, fingerprint: `of ${batchId}`, lines: lines.length, windows };
}

const names = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon', 'kay', 'leo'];
/** Twelve batches: names that turn out to vary, late lines, several services. */
export const batches = names.map((name, at) =>
  batchOf(`batch-${at}`, [
    line({ message: `user ${name} logged in`, atMs: startMs + ((at * 7) % 12) * 300_000, user: name }),
    line({ message: `order ${at} lost`, isError: true, status: 503, latencyMs: 10 * at, service: 'pay' }),
    line({ message: `disk sda is ${at} % full`, atMs: startMs + at * 1000, route: null, release: null }),
  ]),
);
