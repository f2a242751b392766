export type ReleaseOrder = 'older' | 'equal' | 'newer' | 'unknown';

/**
 * How release `a` stands to `b`. Versions are ordered as Semantic Versioning 2.0 says, with any number of parts, which orders dates too
 * (`2026.11.21`, `2026-11-21.3`, `20261121`); `name@` before them must be the same. What has no order, such as two commits, is `unknown`.
 */
export function compareReleases(a: string, b: string): ReleaseOrder {
  if (a.trim() === b.trim()) return 'equal';
  const [one, other] = [parse(a), parse(b)];
  if (one === null || other === null || one.name !== other.name || one.isDate !== other.isDate)
    return 'unknown';
  const order = compareNumbers(one.numbers, other.numbers) || comparePrereleases(one.pre, other.pre);
  return order === 0 ? 'equal' : order < 0 ? 'older' : 'newer';
}

interface Version {
  readonly name: string;
  readonly numbers: readonly number[];
  readonly pre: readonly string[];
  readonly isDate: boolean;
}

const version =
  /^(?:(?<name>[^@\s]+)@)?v?(?<numbers>\d{1,9}(?:\.\d{1,9}){0,5})(?:-(?<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const day =
  /^(?:(?<name>[^@\s]+)@)?v?(?<y>20\d\d)[-.]?(?<m>0[1-9]|1[0-2])[-.]?(?<d>[0-2]\d|3[01])(?:[-.T_]?(?<rest>\d{1,9}(?:[.:-]\d{1,9}){0,3})Z?)?$/;

function parse(release: string): Version | null {
  const text = release.trim();
  const date = day.exec(text)?.groups;
  if (date !== undefined) {
    const rest = (date['rest'] ?? '').split(/\D/).filter((part) => part !== '');
    const numbers = [date['y'], date['m'], date['d'], ...rest].map(Number);
    return { name: date['name'] ?? '', numbers, pre: [], isDate: true };
  }
  const groups = version.exec(text)?.groups;
  if (groups === undefined) return null;
  const numbers = (groups['numbers'] ?? '').split('.').map(Number);
  // A commit's hash may be all digits; a bare number is a build, and builds are counted in fewer.
  if (numbers.length === 1 && (groups['numbers'] ?? '').length > 7) return null;
  const pre = groups['pre'] === undefined ? [] : groups['pre'].split('.');
  return { name: groups['name'] ?? '', numbers, pre, isDate: false };
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = (a[at] ?? 0) - (b[at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** A release comes after its pre-releases; their parts go by number or by text, numbers first, and more parts come later. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = compareParts(a[at], b[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return Number(a) - Number(b);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
