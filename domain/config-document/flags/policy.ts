import type { Condition, Flag, FlagDocument, Split } from '../../../contracts/flag-document.ts';
import { type ConfigProblem, problem, problemIf } from '../problem.ts';

/** What is wrong with flags that have the right shape. */
export function flagProblems({ flags }: FlagDocument): ConfigProblem[] {
  return [
    ...duplicates(
      flags.map(({ key }) => key),
      '/flags',
      'key',
    ),
    ...flags.flatMap((flag, index) => problemsOf(flag, `/flags/${index}`)),
  ];
}

function problemsOf(flag: Flag, pointer: string): ConfigProblem[] {
  const { variants, defaultVariant, rules = [] } = flag;
  const names = variants.map(({ name }) => name);
  const types = new Set(variants.map(({ value }) => typeof value));
  const unknown = (variant: string | undefined, at: string): ConfigProblem[] =>
    problemIf(
      variant !== undefined && !names.includes(variant),
      at,
      `is ${variant}, which is no variant of ${flag.key}; write one of ${names.join(', ')}`,
    );
  return [
    ...duplicates(names, `${pointer}/variants`, 'name'),
    ...problemIf(
      types.size > 1,
      `${pointer}/variants`,
      `of ${flag.key} are of different types (${[...types].join(', ')}); give all one type`,
    ),
    ...unknown(defaultVariant, `${pointer}/defaultVariant`),
    ...rules.flatMap(({ when, variant, split }, index) => {
      const at = `${pointer}/rules/${index}`;
      const ways = [variant, split].filter((way) => way !== undefined).length;
      return [
        ...problemIf(ways !== 1, at, `must have exactly one of variant and split, not ${ways}`),
        ...unknown(variant, `${at}/variant`),
        ...(split?.shares ?? []).flatMap((share, each) =>
          unknown(share.variant, `${at}/split/shares/${each}/variant`),
        ),
        ...(split === undefined ? [] : splitProblems(split, `${at}/split`)),
        ...when.flatMap((condition, each) => conditionProblems(condition, `${at}/when/${each}`)),
      ];
    }),
  ];
}

function splitProblems({ shares }: Split, pointer: string): ConfigProblem[] {
  const total = shares.reduce((sum, { percent }) => sum + percent, 0);
  // Hundredths of a percent do not add up to exactly 100 in binary.
  return problemIf(
    total > 100 + 1e-9,
    `${pointer}/shares`,
    `add up to ${total} percent; bring them to 100 or less`,
  );
}

function conditionProblems({ test, values = [] }: Condition, pointer: string): ConfigProblem[] {
  const at = `${pointer}/values`;
  switch (test) {
    case 'present':
      return problemIf(values.length > 0, at, 'are not looked at by present; leave them out');
    case 'greater':
    case 'less':
      return problemIf(
        values.length !== 1 || typeof values[0] !== 'number',
        at,
        `of ${test} must be exactly one number`,
      );
    case 'is':
    case 'is-not':
      return problemIf(values.length === 0, at, `of ${test} are missing; write at least one`);
    case 'starts-with':
    case 'ends-with':
      return problemIf(
        values.length === 0 || values.some((value) => typeof value !== 'string'),
        at,
        `of ${test} must be texts, at least one`,
      );
  }
}

function duplicates(names: readonly string[], pointer: string, member: string): ConfigProblem[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [problem(`${pointer}/${index}/${member}`, `is ${name} a second time; give each its own`)]
      : [],
  );
}
