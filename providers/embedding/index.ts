import { OpsError } from '../../domain/errors.ts';
import { isSafeForKeys } from '../http/safe-url.ts';
import type { Embedding } from './embedding.ts';
import { createGeminiEmbedding } from './gemini.ts';
import { createOllamaEmbedding } from './ollama.ts';
import { createOpenAiEmbedding } from './openai-compatible.ts';
import type { VendorOptions } from './vendor.ts';

/** The settings HOLDFAST_EMBEDDING*; null where they were not given. */
export interface EmbeddingConfig {
  readonly vendor: 'lexical' | 'openai' | 'gemini' | 'ollama';
  readonly url: string | null;
  readonly model: string | null;
  readonly dimensions: number | null;
  /** A reference such as `env:NAME` or `file:PATH`. */
  readonly key: string | null;
}

/** Where the key is looked up. */
export interface EmbeddingKeys {
  read(reference: string): Promise<string>;
}

interface Vendor {
  readonly create: (options: VendorOptions) => Embedding;
  readonly url: string;
  readonly model: string;
  readonly dimensions: number;
  readonly needsKey: boolean;
}

const vendors: Readonly<Record<Exclude<EmbeddingConfig['vendor'], 'lexical'>, Vendor>> = {
  openai: {
    create: createOpenAiEmbedding,
    url: 'https://api.openai.com/v1',
    model: 'text-embedding-3-small',
    dimensions: 1536,
    needsKey: false,
  },
  gemini: {
    create: createGeminiEmbedding,
    url: 'https://generativelanguage.googleapis.com/v1beta',
    model: 'gemini-embedding-001',
    dimensions: 768,
    needsKey: true,
  },
  ollama: {
    create: createOllamaEmbedding,
    url: 'http://127.0.0.1:11434',
    model: 'nomic-embed-text',
    dimensions: 768,
    needsKey: false,
  },
};

/**
 * What the settings choose; null for `lexical`, the vectors that need no service. Throws `invalid-input` that names the setting when they
 * do not go together.
 */
export function createEmbedding(config: EmbeddingConfig, keys: EmbeddingKeys): Embedding | null {
  if (config.vendor === 'lexical') return null;
  const vendor = vendors[config.vendor];
  const { url = vendor.url, model = vendor.model } = withoutNulls(config);
  const { key } = config;
  if (vendor.needsKey && key === null)
    throw wrong('HOLDFAST_EMBEDDING_KEY', 'is not set', 'set it to env:NAME or file:/PATH of the key');
  if (key !== null && !isSafeForKeys(url))
    throw wrong('HOLDFAST_EMBEDDING_URL', 'would send the key in clear text', 'begin it with https://');
  return vendor.create({
    url,
    model,
    dimensions: dimensionsOf(config, vendor),
    key: key === null ? null : () => keys.read(key),
  });
}

function dimensionsOf({ model, dimensions }: EmbeddingConfig, vendor: Vendor): number {
  if (dimensions !== null) return dimensions;
  if (model === null || model === vendor.model) return vendor.dimensions;
  throw wrong(
    'HOLDFAST_EMBEDDING_DIMENSIONS',
    'is not set',
    `set it to how many values a vector of ${model} has`,
  );
}

function withoutNulls({ url, model }: EmbeddingConfig): { url?: string; model?: string } {
  return { ...(url === null ? {} : { url }), ...(model === null ? {} : { model }) };
}

function wrong(name: string, problem: string, remedy: string): OpsError {
  return new OpsError('invalid-input', `${name} ${problem}; ${remedy}`, {
    faults: [{ name, problem, remedy }],
  });
}
