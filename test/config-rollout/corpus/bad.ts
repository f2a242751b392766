import type { BadCase } from './cases.ts';
import { injectionCases } from './bad/injection.ts';
import { fileCases, refusedCases } from './bad/refused.ts';
import { rejectedCases } from './bad/rejected.ts';
import { unloadableCases } from './bad/unloadable.ts';
import { worseCases } from './bad/worse.ts';

/** Sixty changes that must not get beyond the first wave, each with the place that is to stop it. */
export const badCases: readonly BadCase[] = [
  ...fileCases,
  ...refusedCases,
  ...injectionCases,
  ...rejectedCases,
  ...unloadableCases,
  ...worseCases,
];
