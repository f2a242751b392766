import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { createLanguageModel } from '../../providers/llm/index.ts';
import type { LanguageModel } from '../../providers/llm/language-model.ts';
import { createOpenAiModel } from '../../providers/llm/openai-compatible.ts';
import { createScriptedModel } from '../../providers/llm/scripted.ts';
import { startFakeChat, type ChatManner, type FakeChat } from '../support/receivers/chat.ts';

const asked = { instructions: 'Say it backwards.', text: 'abc', longest: 20 };
const signal = () => new AbortController().signal;
const backwards = (text: string): string => [...text].reverse().join('');

describe('every model', () => {
  let chat: FakeChat;
  beforeEach(async () => {
    chat = await startFakeChat(backwards);
  });
  afterEach(() => chat.close());

  const models: Readonly<Record<string, () => LanguageModel>> = {
    openai: () => vendor(chat),
    scripted: () => createScriptedModel(({ text }) => backwards(text)),
  };

  test.each(Object.keys(models))('%s answers what it was asked', async (name) => {
    const model = (models[name] as () => LanguageModel)();
    expect(model.name).toMatch(new RegExp(`^${name}/.+`));
    expect(await model.complete(asked, signal())).toBe('cba');
  });

  test.each(Object.keys(models))('%s asks nobody once it is told to end', async (name) => {
    const model = (models[name] as () => LanguageModel)();
    const ended = AbortSignal.abort(new Error('the worker ends'));
    await expect(async () => model.complete(asked, ended)).rejects.toThrow('the worker ends');
    expect(chat.bodies).toEqual([]);
  });
});

describe('chat completions over HTTP', () => {
  let chat: FakeChat;
  beforeEach(async () => {
    chat = await startFakeChat(backwards);
  });
  afterEach(() => chat.close());

  test('instructions and text are apart, and the answer has an end', async () => {
    await vendor(chat).complete(asked, signal());
    expect(chat.bodies).toEqual([
      {
        model: 'fake',
        messages: [
          { role: 'system', content: 'Say it backwards.' },
          { role: 'user', content: 'abc' },
        ],
        ...{ max_tokens: 20, temperature: 0 },
      },
    ]);
  });

  test.each<[ChatManner, object]>([
    ['busy', { code: 'rate-limited', detail: { retryAfterMs: 3000 } }],
    ['deny', { code: 'unavailable', message: expect.stringContaining('HOLDFAST_LLM_KEY') as string }],
    ['down', { code: 'unavailable' }],
    ['crash', { code: 'unavailable' }],
    ['redirect', { code: 'unavailable' }],
    ['flood', { code: 'unavailable' }],
    ['empty', { code: 'unavailable', message: expect.stringContaining('without a text') as string }],
    ['refuse', { code: 'invalid-input', message: expect.stringContaining('[key]') as string }],
    ['silent', { code: 'timeout' }],
  ])('a service that is %s is told as what it is, without the key', async (manner, expected) => {
    chat.behave(manner);
    const told = await vendor(chat, manner === 'silent' ? 200 : 20_000)
      .complete(asked, signal())
      .catch((error: unknown) => error);
    expect(told).toMatchObject(expected);
    expect(String(told)).not.toContain(chat.key.slice(0, 8));
  });
});

describe('settings', () => {
  const keys = { read: () => Promise.resolve('k') };
  const created = (env: Record<string, string>) => createLanguageModel(loadConfig(env).languageModel, keys);

  test('no model unless one is chosen', () => {
    expect(created({})).toBeNull();
    expect(created({ HOLDFAST_LLM: 'openai', HOLDFAST_LLM_MODEL: 'mini' })?.name).toBe('openai/mini');
  });

  test.each([
    ['HOLDFAST_LLM_MODEL', { HOLDFAST_LLM: 'openai' }],
    [
      'HOLDFAST_LLM_URL',
      {
        ...{ HOLDFAST_LLM: 'openai', HOLDFAST_LLM_MODEL: 'mini' },
        ...{ HOLDFAST_LLM_URL: 'http://far/v1', HOLDFAST_LLM_KEY: 'env:K' },
      },
    ],
  ])('%s is named when it does not go with the others', (name, env) => {
    expect(() => created(env)).toThrowError(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(name) as string }),
    );
  });
});

function vendor({ url, key }: FakeChat, limitMs = 20_000): LanguageModel {
  return createOpenAiModel({ url, model: 'fake', key: () => Promise.resolve(key), limitMs });
}
