import { expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { strategies } from '../../domain/feedback-clustering/strategies.ts';
import { OpsError } from '../../domain/errors.ts';
import { createEmbedding } from '../../providers/embedding/index.ts';

const keys = { read: () => Promise.resolve('k') };
const created = (env: Record<string, string>) => createEmbedding(loadConfig(env).embedding, keys);

test('vectors need no service unless one is chosen', () => {
  expect(created({})).toBeNull();
});

test.each([
  [{ HOLDFAST_EMBEDDING: 'openai' }, 'openai/text-embedding-3-small/1536'],
  [{ HOLDFAST_EMBEDDING: 'gemini', HOLDFAST_EMBEDDING_KEY: 'env:K' }, 'gemini/gemini-embedding-001/768'],
  [{ HOLDFAST_EMBEDDING: 'ollama' }, 'ollama/nomic-embed-text/768'],
  [
    {
      HOLDFAST_EMBEDDING: 'openai',
      HOLDFAST_EMBEDDING_URL: 'http://models.internal:8000/v1',
      HOLDFAST_EMBEDDING_MODEL: 'BAAI/bge-m3',
      HOLDFAST_EMBEDDING_DIMENSIONS: '1024',
    },
    'openai/BAAI/bge-m3/1024',
  ],
])('%o chooses %s', (env, model) => {
  expect(created(env)?.model).toBe(model);
});

test.each([
  ['HOLDFAST_EMBEDDING_KEY', { HOLDFAST_EMBEDDING: 'gemini' }],
  ['HOLDFAST_EMBEDDING_DIMENSIONS', { HOLDFAST_EMBEDDING: 'ollama', HOLDFAST_EMBEDDING_MODEL: 'mine' }],
  [
    'HOLDFAST_EMBEDDING_URL',
    {
      HOLDFAST_EMBEDDING: 'openai',
      HOLDFAST_EMBEDDING_URL: 'http://far/v1',
      HOLDFAST_EMBEDDING_KEY: 'env:K',
    },
  ],
])('%s is named when it does not go with the others', (name, env) => {
  expect(() => created(env)).toThrowError(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(name) as string }),
  );
});

test('the defaults of clustering are those of its documentation', () => {
  const { clustering, redditSubreddits } = loadConfig({});

  expect(clustering).toEqual({
    method: 'agglomerative',
    threshold: null,
    minSize: 2,
    truncateBodyChars: 1500,
  });
  expect(redditSubreddits).toEqual([]);
});

test('every strategy can be chosen for the installation', () => {
  for (const name of Object.keys(strategies))
    expect(loadConfig({ CLUSTERING_METHOD: name }).clustering.method).toBe(name);
});

test('subreddits are names, each once', () => {
  const read = (value: string) => loadConfig({ REDDIT_SUBREDDITS: value }).redditSubreddits;

  expect(read('selfhosted, r/node,/r/devops,node')).toEqual(['selfhosted', 'node', 'devops']);
  expect(() => read('selfhosted,,no spaces')).toThrow(/REDDIT_SUBREDDITS/);
});

test.each(['0', '1.1', '-0.5', 'high', '1e-3'])('the threshold %s is refused', (value) => {
  expect(() => loadConfig({ CLUSTERING_SIM_THRESHOLD: value })).toThrow(/CLUSTERING_SIM_THRESHOLD/);
});

test('a key in the place of its reference is refused and not repeated', () => {
  const read = () => loadConfig({ HOLDFAST_EMBEDDING_KEY: 'sk-hunter2-hunter2' });

  expect(read).toThrow(OpsError);
  expect(read).toThrow(/HOLDFAST_EMBEDDING_KEY/);
  expect(read).not.toThrow(/hunter2/);
});
