import type { Condition, FlagContext } from '../../../contracts/flag-document.ts';

/** An attribute that is not there meets no condition, not even a negative one. */
export function holds({ attribute, test, values = [] }: Condition, context: FlagContext): boolean {
  if (!Object.hasOwn(context, attribute)) return false;
  const actual = context[attribute];
  switch (test) {
    case 'present':
      return true;
    case 'is':
      return values.some((value) => value === actual);
    case 'is-not':
      return values.every((value) => value !== actual);
    case 'starts-with':
      return values.some((value) => typeof actual === 'string' && actual.startsWith(String(value)));
    case 'ends-with':
      return values.some((value) => typeof actual === 'string' && actual.endsWith(String(value)));
    case 'greater':
      return values.every((value) => typeof actual === 'number' && actual > Number(value));
    case 'less':
      return values.every((value) => typeof actual === 'number' && actual < Number(value));
  }
}
