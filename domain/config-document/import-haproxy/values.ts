import { formatDuration } from '../../duration.ts';

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/;
const longestMs = 24 * 3_600_000;
const units = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function isName(text: string): boolean {
  return namePattern.test(text);
}

/** A time of HAProxy, milliseconds where it has no unit; null for one that the document cannot say. */
export function readTime(text: string | undefined): string | null {
  const [, digits, unit = 'ms'] = /^([0-9]{1,12})(us|ms|s|m|h|d)?$/.exec(text ?? '') ?? [];
  if (digits === undefined) return null;
  const ms = Number(digits) * units[unit as keyof typeof units];
  return Number.isInteger(ms) && ms > 0 && ms <= longestMs ? formatDuration(ms) : null;
}

/** A whole number within bounds; null for anything else. */
export function readCount(text: string | undefined, least: number, most: number): number | null {
  if (!/^[0-9]{1,9}$/.test(text ?? '')) return null;
  const count = Number(text);
  return count >= least && count <= most ? count : null;
}

/** Text of a log format without expressions, as it would be sent; null for one with any. */
export function readFormat(text: string | undefined): string | null {
  if (text === undefined || /%(?!%)/.test(text.replaceAll('%%', ''))) return null;
  const plain = text.replaceAll('%%', '%');
  return /^[!-~]([ -~]{0,1022}[!-~])?$/.test(plain) ? plain : null;
}

/** The name of a certificate by its file: the last part of the path, without `.pem`. */
export function referenceOf(path: string): string | null {
  const [last = ''] = path.split('/').slice(-1);
  const name = last.replace(/\.(pem|crt)$/, '');
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(name) ? name : null;
}
