import { OpsError } from '../../domain/errors.ts';
import type { Completion, LanguageModel } from './language-model.ts';

export interface ScriptedModel extends LanguageModel {
  /** What it was asked, the first first. */
  readonly asked: readonly Completion[];
}

/** The twin: answers what the script says to a question, and throws what the script throws. */
export function createScriptedModel(answer: (asked: Completion) => string): ScriptedModel {
  const asked: Completion[] = [];
  return {
    name: 'scripted/twin',
    asked,
    complete(completion, signal) {
      signal.throwIfAborted();
      asked.push(completion);
      if (completion.longest < 1)
        return Promise.reject(new OpsError('invalid-input', 'an answer has at least 1 token'));
      return Promise.resolve().then(() => answer(completion));
    },
  };
}
