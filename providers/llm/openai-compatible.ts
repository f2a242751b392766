import { OpsError } from '../../domain/errors.ts';
import { postJson } from '../http/post-json.ts';
import { under } from '../http/safe-url.ts';
import { answerLimitMs, type LanguageModel } from './language-model.ts';

export interface OpenAiModelOptions {
  /** With the path before the vendor's own. */
  readonly url: string;
  readonly model: string;
  /** null: the service asks for none. Read at every use, so that a new one needs no restart. */
  readonly key: (() => Promise<string>) | null;
  /** Of one answer, in milliseconds. */
  readonly limitMs?: number;
}

/** `POST /chat/completions` of OpenAI, and of what speaks like it: Ollama, vLLM, llama.cpp, LiteLLM. */
export function createOpenAiModel({ url, model, key, limitMs }: OpenAiModelOptions): LanguageModel {
  return {
    name: `openai/${model}`,
    async complete({ instructions, text, longest }, signal) {
      const secret = (await key?.()) ?? null;
      const answer = await postJson({
        ...{ url: under(url, '/chat/completions'), what: 'answer', settings: 'HOLDFAST_LLM' },
        headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
        body: {
          model,
          messages: [
            { role: 'system', content: instructions },
            { role: 'user', content: text },
          ],
          max_tokens: longest,
          temperature: 0,
        },
        ...{ key: secret, signal, limitMs: limitMs ?? answerLimitMs },
      });
      if (answer.kind === 'refused')
        throw new OpsError(answer.isFaultOfService ? 'unavailable' : 'invalid-input', answer.reason);
      return contentOf(answer.body) ?? nothingFrom(url);
    },
  };
}

function contentOf(body: unknown): string | null {
  const { choices } = (body ?? {}) as { choices?: unknown };
  const [choice] = Array.isArray(choices) ? (choices as unknown[]) : [];
  const content = (choice as { message?: { content?: unknown } } | undefined)?.message?.content;
  return typeof content === 'string' ? content : null;
}

function nothingFrom(url: string): never {
  throw new OpsError('unavailable', `${new URL(url).host} answered without a text`);
}
