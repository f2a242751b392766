import { expect, test } from 'vitest';
import { explainMembership } from '../../../domain/feedback-clustering/explain.ts';
import {
  embedLexically,
  emptyLexicalModel,
  fitLexicalModel,
  lexicalDimensions,
} from '../../../domain/feedback-clustering/lexical-model.ts';
import { vectorSet } from '../../../domain/feedback-clustering/vectors.ts';

const texts = [
  'the login page fails after the update',
  'login fails with a white page',
  'the login is broken since the update',
  'the export to csv is empty',
  'export gives an empty csv file',
  'please add a dark theme',
];
const model = fitLexicalModel(emptyLexicalModel(), texts);
const vectors = vectorSet(
  Float32Array.from(texts.flatMap((text) => [...embedLexically(model, text)])),
  lexicalDimensions,
);
const at = (row: number) => ({ id: `item-${row}`, row, text: texts[row] ?? '' });
const others = [
  { clusterId: 'themes', rows: [5] },
  { clusterId: 'exports', rows: [3, 4] },
];

test('why an item is in its cluster: words, the nearest one, how similar, and how far the next cluster is behind', () => {
  const facts = { item: at(0), members: [at(1), at(2)], others, vectors, model, rule: 'similarity' } as const;

  const { terms, nearest, similarity, second, rule } = explainMembership(facts);

  expect(rule).toBe('similarity');
  expect(terms[0]?.term).toBe('login');
  expect(terms.map(({ term }) => term)).not.toContain('csv');
  expect(terms.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 3);
  expect(['item-1', 'item-2']).toContain(nearest?.id);
  expect(nearest?.similarity).toBeGreaterThanOrEqual(similarity ?? 1);
  expect(second?.clusterId).toBe('exports');
  expect(second?.margin).toBeCloseTo((similarity ?? 0) - (second?.similarity ?? 0), 3);
  expect(second?.margin).toBeGreaterThan(0);
});

test('the order of members and clusters does not matter', () => {
  const facts = { item: at(0), members: [at(1), at(2)], others, vectors, model, rule: 'similarity' } as const;
  const turned = { ...facts, members: facts.members.toReversed(), others: others.toReversed() };

  expect(explainMembership(turned)).toEqual(explainMembership(facts));
});

test('an item alone has no one near and shares no words', () => {
  expect(explainMembership({ item: at(5), members: [], others: [], vectors, model, rule: 'alone' })).toEqual({
    version: 1,
    rule: 'alone',
    similarity: null,
    nearest: null,
    second: null,
    terms: [],
  });
});
