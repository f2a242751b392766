import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpsError } from '../../domain/errors.ts';
import type { Embedding } from '../../providers/embedding/embedding.ts';
import { createGeminiEmbedding } from '../../providers/embedding/gemini.ts';
import { createMemoryEmbedding } from '../../providers/embedding/memory.ts';
import { createOllamaEmbedding } from '../../providers/embedding/ollama.ts';
import { createOpenAiEmbedding } from '../../providers/embedding/openai-compatible.ts';
import type { VendorOptions } from '../../providers/embedding/vendor.ts';
import {
  badWords,
  type EmbeddingDialect,
  type EmbeddingManner,
  fakeModel,
  startFakeEmbedding,
} from '../support/receivers/embedding.ts';

/** One suite for every vendor, over its published contract, and for the twin. */
interface Subject {
  readonly embedding: Embedding;
  readonly service: {
    requests(): number;
    behave(how: Exclude<EmbeddingManner, 'flood' | 'short' | 'redirect'>): void;
    close(): Promise<void>;
  };
}

const patientMs = 10_000;

const creators: Readonly<Record<EmbeddingDialect, (options: VendorOptions) => Embedding>> = {
  openai: createOpenAiEmbedding,
  gemini: createGeminiEmbedding,
  ollama: createOllamaEmbedding,
};
const vendors = Object.keys(creators) as EmbeddingDialect[];

async function openVendor(vendor: EmbeddingDialect, limitMs = patientMs) {
  const service = await startFakeEmbedding(vendor);
  const key = () => Promise.resolve(service.key);
  const { url } = service;
  return { service, embedding: creators[vendor]({ url, model: fakeModel, dimensions: 8, key, limitMs }) };
}

function openTwin(limitMs: number): Subject {
  const embedding = createMemoryEmbedding({ limitMs, refuses: (text) => text.includes(badWords.refused) });
  const { requests, behave } = embedding;
  return { embedding, service: { requests, behave, close: () => Promise.resolve() } };
}

const subjects = [...vendors, 'memory'] as const;
const open = (subject: (typeof subjects)[number], limitMs = patientMs): Promise<Subject> =>
  subject === 'memory' ? Promise.resolve(openTwin(limitMs)) : openVendor(subject, limitMs);

const signal = () => new AbortController().signal;

describe.each(subjects)('%s', (subject) => {
  let embedding: Embedding;
  let service: Subject['service'];
  beforeEach(async () => {
    ({ embedding, service } = await open(subject));
  });
  afterEach(() => service.close());

  test('each text has its vector, of length 1, in the order of the texts', async () => {
    const texts = ['the app crashes on login', 'dark mode please', 'the app crashes on login'];

    const [first, second, again] = vectorsOf(await embedding.embed(texts, signal()));
    const [alone] = vectorsOf(await embedding.embed([texts[1] ?? ''], signal()));

    for (const vector of [first, second]) {
      expect(vector).toHaveLength(embedding.dimensions);
      expect(Math.hypot(...(vector ?? []))).toBeCloseTo(1, 6);
    }
    expect(again).toEqual(first);
    expect(second).toEqual(alone);
    expect(second).not.toEqual(first);
  });

  test('more texts than one request takes are asked for in several', async () => {
    const texts = Array.from({ length: embedding.batch * 2 + 1 }, (_, index) => `report ${index}`);

    const outcomes = await embedding.embed(texts, signal());

    expect(vectorsOf(outcomes)).toHaveLength(texts.length);
    expect(service.requests()).toBe(3);
  });

  test('the name says vendor, model and dimensions', () => {
    expect(embedding.model).toMatch(new RegExp(`^${subject}/.+/${embedding.dimensions}$`));
  });

  test('a text that the service refuses fails alone, for good', async () => {
    const texts = Array.from({ length: 11 }, (_, index) =>
      index === 7 ? badWords.refused : `report ${index}`,
    );

    const outcomes = await embedding.embed(texts, signal());

    expect(outcomes.map(({ kind }) => kind)).toEqual(
      texts.map((text) => (text === badWords.refused ? 'failed' : 'vector')),
    );
    expect(outcomes[7]).toMatchObject({ kind: 'failed', retryable: false });
    expect(JSON.stringify(outcomes[7])).not.toContain('fake-key');
  });

  test('several bad texts among good ones are each found', async () => {
    const texts = [badWords.refused, 'a b', badWords.refused, badWords.refused, 'c d', badWords.refused];

    const outcomes = await embedding.embed(texts, signal());

    expect(outcomes.map(({ kind }) => kind)).toEqual([
      ...['failed', 'vector', 'failed', 'failed', 'vector', 'failed'],
    ]);
  });

  test('an empty text is not sent and fails alone', async () => {
    const outcomes = await embedding.embed(['  ', 'dark mode please', ''], signal());

    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'vector', 'failed']);
  });

  test('nothing is asked for no texts', async () => {
    expect(await embedding.embed([], signal())).toEqual([]);
    expect(service.requests()).toBe(0);
  });

  test('when a busy service wants to be asked again is told', async () => {
    service.behave('busy');

    expect(await thrownBy(embedding.embed(['a'], signal()))).toMatchObject({
      code: 'rate-limited',
      detail: { retryAfterMs: 3000 },
    });
  });

  test.each(['down', 'deny'] as const)(
    'a service that is %s blames no text and does not tell the key',
    async (how) => {
      service.behave(how);

      const error = await thrownBy(embedding.embed(['a', 'b'], signal()));

      expect(error.code).toBe('unavailable');
      expect(JSON.stringify([error.message, error.detail])).not.toContain('fake-key');
      expect(service.requests()).toBe(1);
    },
  );

  test('a service that says nothing is not waited for', async () => {
    await service.close();
    ({ embedding, service } = await open(subject, 200));
    service.behave('silent');

    expect(await thrownBy(embedding.embed(['a'], signal()))).toMatchObject({ code: 'timeout' });
  });

  test('asking ends with its signal', async () => {
    service.behave('silent');
    const off = new AbortController();

    const asked = embedding.embed(['a'], off.signal);
    off.abort(new Error('called off'));

    await expect(asked).rejects.toThrow('called off');
  });
});

describe.each(vendors)('%s over HTTP', (vendor) => {
  let embedding: Embedding;
  let service: Awaited<ReturnType<typeof startFakeEmbedding>>;
  beforeEach(async () => {
    ({ embedding, service } = await openVendor(vendor));
  });
  afterEach(() => service.close());

  test('a text that the service breaks on fails alone, and may be tried again', async () => {
    const outcomes = await embedding.embed(['a', badWords.crash, 'b'], signal());

    expect(outcomes.map(({ kind }) => kind)).toEqual(['vector', 'failed', 'vector']);
    expect(outcomes[1]).toMatchObject({ retryable: true });
  });

  test.each([badWords.wrong, badWords.infinite])(
    '%s: what is no vector of its size fails alone',
    async (word) => {
      const outcomes = await embedding.embed(['a', word, 'b'], signal());

      expect(outcomes.map(({ kind }) => kind)).toEqual(['vector', 'failed', 'vector']);
    },
  );

  test('a service that leaves texts out gives nobody the vector of another', async () => {
    const texts = ['one', 'two', 'three'];
    const right = vectorsOf(await embedding.embed(texts, signal()));
    service.behave('short');

    // By an index OpenAI tells which text is left out; others cannot, and then no text is trusted.
    if (vendor !== 'openai') {
      expect(await thrownBy(embedding.embed(texts, signal()))).toMatchObject({ code: 'unavailable' });
      return;
    }
    const outcomes = await embedding.embed(texts, signal());
    expect(outcomes[0]).toMatchObject({ kind: 'failed', retryable: true });
    expect(vectorsOf(outcomes.slice(1))).toEqual(right.slice(1));
  });

  test('a service that never stops talking is not listened to', async () => {
    service.behave('flood');

    expect(await thrownBy(embedding.embed(['a'], signal()))).toMatchObject({ code: 'unavailable' });
  });

  test('the key follows no redirect', async () => {
    service.behave('redirect');

    expect(await thrownBy(embedding.embed(['a'], signal()))).toMatchObject({ code: 'unavailable' });
  });

  test('a service that refuses everything blames no text', async () => {
    const { url, key } = service;
    const other = creators[vendor]({ url, model: 'other', dimensions: 8, key: () => Promise.resolve(key) });

    // Only a person can mend it: it is not asked again every second.
    expect(await thrownBy(other.embed(['a', 'b'], signal()))).toMatchObject({
      code: 'unavailable',
      detail: { retryAfterMs: 60_000 },
    });
  });

  test('nobody listens: worth another attempt', async () => {
    await service.close();

    expect(await thrownBy(embedding.embed(['a'], signal()))).toMatchObject({ code: 'unavailable' });
  });
});

function vectorsOf(outcomes: Awaited<ReturnType<Embedding['embed']>>): Float32Array[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === 'failed') throw new Error(outcome.reason);
    return outcome.vector;
  });
}

async function thrownBy(asked: Promise<unknown>): Promise<OpsError> {
  return asked.then(
    () => Promise.reject(new Error('an OpsError was expected')),
    (error: unknown) => error as OpsError,
  );
}
