import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakingChanges, type Document } from './breaking-changes.ts';
import { apiUnderTest, type ApiUnderTest } from './support.ts';

let api: ApiUnderTest;
let current: Document;
let committed: Document;
beforeAll(async () => {
  api = await apiUnderTest();
  current = JSON.parse(JSON.stringify(api.app.swagger())) as Document;
  committed = JSON.parse(
    await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
  ) as Document;
});
afterAll(() => api.close());

test('nothing that a client relies on has changed', () => {
  expect(breakingChanges(committed, current)).toEqual([]);
});

test('docs/openapi.json is that of this code: node api/print-openapi.ts > docs/openapi.json', () => {
  expect(current).toEqual(committed);
});

test('every route has a summary, a tag, and a schema for every answer, problems included', () => {
  for (const [path, methods] of Object.entries(current.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method} ${path}`;
      expect(operation, name).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] });
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        // Neither has a body.
        if (status === '204' || status === '304') continue;
        const schemas = Object.values(response.content ?? {}).map((content) => content.schema);
        expect(schemas.length, `${name} ${status}`).toBeGreaterThan(0);
      }
      if (path.startsWith('/v1')) expect(operation.responses, name).toMatchObject({ '4XX': {}, '5XX': {} });
    }
  }
});

test('the document and its pages are served', async () => {
  expect((await api.call('GET', '/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(current)));
  expect((await api.app.inject('/docs/')).statusCode).toBe(200);
});

const base: Document = {
  paths: {
    '/a': {
      post: {
        parameters: [{ name: 'q', in: 'query' }],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: [],
                properties: { kind: { anyOf: [{ const: 'x' }, { const: 'y' }] } },
              },
            },
          },
        },
        responses: {
          200: {
            content: {
              'application/json': {
                schema: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
              },
            },
          },
        },
      },
    },
  },
};

test.each<[string, (text: string) => string, string[]]>([
  ['nothing', (text) => text, []],
  ['a new optional member', (text) => text.replace('"kind":', '"more":{"type":"string"},"kind":'), []],
  ['a route that is gone', (text) => text.replace('"/a"', '"/b"'), ['POST /a is gone']],
  [
    'a member newly required',
    (text) => text.replace('"required":[]', '"required":["kind"]'),
    ['POST /a request.kind is newly required'],
  ],
  [
    'a word no longer taken',
    (text) => text.replace('"y"', '"z"'),
    ['POST /a request.kind: y is no longer taken'],
  ],
  ['an answer that is gone', (text) => text.replace('"200"', '"201"'), ['POST /a: the answer 200 is gone']],
  [
    'another type',
    (text) => text.replace('"id":{"type":"string"}', '"id":{"type":"integer"}'),
    ['POST /a 200.id: was string, is integer'],
  ],
  [
    'no longer certain',
    (text) => text.replace('"required":["id"]', '"required":[]'),
    ['POST /a 200.id is no longer certain'],
  ],
])('%s is told as it is', (_name, change, expected) => {
  const next = JSON.parse(change(JSON.stringify(base))) as Document;

  expect(breakingChanges(base, next)).toEqual(expected);
});
