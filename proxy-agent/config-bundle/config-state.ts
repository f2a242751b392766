import {
  configOutcomes,
  configSteps,
  type ConfigBundle,
  type ConfigOutcome,
  type ConfigStep,
} from '../../contracts/config-bundle.ts';
import { replaceFile } from '../files.ts';
import { boolean, integer, nullable, object, oneOf, optional, record, text } from '../shape.ts';
import { readJson, type Loaded } from '../state.ts';
import { isConfigBundle } from './bundle-shape.ts';

/** How the attempt at a bundle ended, so far. */
export interface Verdict {
  readonly outcome: ConfigOutcome;
  readonly failedStep: ConfigStep | null;
  readonly failure: string | null;
  /** Milliseconds by step. */
  readonly timings: Readonly<Partial<Record<ConfigStep, number>>>;
}

export interface ConfigState {
  /** The newest bundle that was ever taken: its sequence is the highest one seen. */
  readonly attempted: ConfigBundle;
  /** null: not decided yet, so after a crash it is tried again. */
  readonly verdict: Verdict | null;
  /** What a restart or a restore brings up; null: the operator's own file. */
  readonly lastKnownGood: ConfigBundle | null;
  /** An attempt before this one may have come live and was not taken back: if this one is refused, that is still to be done. */
  readonly owesRestore?: boolean;
}

export function loadConfigState(path: string): Loaded<ConfigState> {
  const { value, fault } = readJson(path);
  if (value === null) return { value: null, fault };
  if (!isStoredConfig(value))
    return { value: null, fault: `${path} does not hold the state of a configuration` };
  return { value: value.config, fault: null };
}

/** Lasts a power cut: what was taken once is never forgotten. */
export function saveConfigState(path: string, config: ConfigState): void {
  replaceFile(path, `${JSON.stringify({ format: 1, config })}\n`);
}

function isStoredConfig(value: unknown): value is { format: 1; config: ConfigState } {
  const verdict = object({
    outcome: oneOf(configOutcomes),
    failedStep: nullable(oneOf(configSteps)),
    failure: nullable(text),
    timings: record(optional(integer)),
  });
  const config = object({
    attempted: isConfigBundle,
    verdict: nullable(verdict),
    lastKnownGood: nullable(isConfigBundle),
    owesRestore: optional(boolean),
  });
  return object({ format: (format) => format === 1, config })(value);
}
