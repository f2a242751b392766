import { faultKinds } from '../../domain/audit/fault.ts';
import type { ExportVerdict } from './verify-export.ts';

/** A verdict as JSON: what was verified, and the first thing that is wrong. */
export function verdictData({ project, progress, checkpoints, waiting, fault }: ExportVerdict) {
  const head = Buffer.from(progress.head).toString('hex');
  return { project, ok: fault === null, entries: progress.seq, head, checkpoints, waiting, fault };
}

/** The same for people. */
export function verdictText({ project, progress, checkpoints, waiting, fault }: ExportVerdict): string {
  if (fault === null) {
    const open = waiting === 0 ? '' : `, ${waiting} not sealed yet`;
    return `${project}: ${progress.seq} entries verified against ${checkpoints} checkpoints${open}`;
  }
  const where = fault.seq === null ? (fault.entry ?? '') : `at ${fault.seq}`;
  const entry = fault.seq === null || fault.entry === null ? '' : ` (${fault.entry})`;
  const meaning = fault.detail === faultKinds[fault.kind] ? '' : `: ${fault.detail}`;
  return `${project}: ${fault.kind} ${where}${entry}: ${faultKinds[fault.kind]}${meaning}; ${progress.seq} entries before it are good`;
}
