import { OpsError } from '../../domain/errors.ts';
import { isSafeForKeys } from '../http/safe-url.ts';
import type { LanguageModel } from './language-model.ts';
import { createOpenAiModel } from './openai-compatible.ts';

/** The settings HOLDFAST_LLM*; null where they were not given. */
export interface LanguageModelConfig {
  readonly vendor: 'none' | 'openai';
  readonly url: string | null;
  readonly model: string | null;
  /** A reference such as `env:NAME` or `file:PATH`. */
  readonly key: string | null;
}

/** What the settings choose; null for `none`. Throws `invalid-input` that names the setting when they do not go together. */
export function createLanguageModel(
  { vendor, url, model, key }: LanguageModelConfig,
  keys: { read(reference: string): Promise<string> },
): LanguageModel | null {
  if (vendor === 'none') return null;
  const at = url ?? 'https://api.openai.com/v1';
  if (model === null) throw wrong('HOLDFAST_LLM_MODEL', 'is not set', 'set it to the name of a model');
  if (key !== null && !isSafeForKeys(at))
    throw wrong('HOLDFAST_LLM_URL', 'would send the key in clear text', 'begin it with https://');
  return createOpenAiModel({ url: at, model, key: key === null ? null : () => keys.read(key) });
}

function wrong(name: string, problem: string, remedy: string): OpsError {
  return new OpsError('invalid-input', `${name} ${problem}; ${remedy}`, {
    faults: [{ name, problem, remedy }],
  });
}
