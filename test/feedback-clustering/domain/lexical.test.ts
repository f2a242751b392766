import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoresOf } from '../../../bench/feedback-clustering/scores.ts';
import { agglomerative } from '../../../domain/feedback-clustering/agglomerative.ts';
import { calibrateThreshold } from '../../../domain/feedback-clustering/calibrate-threshold.ts';
import {
  embedLexically,
  emptyLexicalModel,
  fitLexicalModel,
  lexicalDimensions,
  textOf,
} from '../../../domain/feedback-clustering/lexical-model.ts';
import { dot, vectorSet } from '../../../domain/feedback-clustering/vectors.ts';
import { inputOf, themedRows } from '../items.ts';
import { reportsByTheme } from '../reports.ts';

const empty = emptyLexicalModel();
const similarity = (one: string, other: string, model = empty): number =>
  dot(embedLexically(model, one), embedLexically(model, other));

test('reports are found together by what they are about, with a threshold that nobody chose', () => {
  const labelled = Object.entries(reportsByTheme).flatMap(([label, texts]) =>
    texts.map((text) => ({ label, text })),
  );
  const texts = labelled.map(({ text }) => text);
  const model = fitLexicalModel(empty, texts);
  const rows = texts.map((text) => Array.from(embedLexically(model, text)));
  const input = inputOf(
    texts.map((_, index) => `report-${String(index).padStart(2, '0')}`),
    rows,
  );
  const threshold = calibrateThreshold(input.vectors);
  const scores = scoresOf(
    Array.from(agglomerative(input, { threshold, minSize: 2 })),
    labelled.map(({ label }) => label),
  );

  expect(scores.ari).toBeGreaterThan(0.6);
  expect(scores.pair_f1).toBeGreaterThan(0.65);
  expect(scores.k).toBeGreaterThanOrEqual(7);
  expect(scores.k).toBeLessThanOrEqual(16);
});

test('every text has a vector of length 1, except one without a letter or digit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const vector = embedLexically(empty, text);
      const length = Math.sqrt(dot(vector, vector));

      expect(vector).toHaveLength(lexicalDimensions);
      expect(length === 0 || Math.abs(length - 1) < 1e-6).toBe(true);
      if (/[a-z0-9]/i.test(text)) expect(length).toBeGreaterThan(0);
    }),
    { numRuns: 1000, seed: 41 },
  );
  expect(similarity('', '')).toBe(0);
  expect(similarity('?!', '?!')).toBe(0);
});

test('case, form and punctuation do not matter; inflection and typing errors matter little', () => {
  expect(similarity('Cannot open Café', 'cannot open cafe\u0301!')).toBeCloseTo(1, 6);
  expect(similarity('exporting reports', 'exported report')).toBeGreaterThan(0.3);
  expect(similarity('notification missing', 'notifcation missing')).toBeGreaterThan(0.5);
  expect(similarity('カメラが起動しない', 'カメラが起動しません')).toBeGreaterThan(0.25);
  expect(Math.abs(similarity('invoice tax rate', 'dark mode please'))).toBeLessThan(0.15);
});

test('what is in every text counts less once the model knows it', () => {
  const texts = Object.values(reportsByTheme).flat();
  const model = fitLexicalModel(empty, [...texts, ...texts.map((text) => `please help: ${text}`)]);
  const [one, other] = ['please help: dark theme', 'please help: wrong invoice'];

  expect(similarity(one, other, model)).toBeLessThan(0.8 * similarity(one, other));
});

test('a model does not depend on the order of the texts, nor on how they come', () => {
  const texts = Object.values(reportsByTheme).flat();
  const atOnce = fitLexicalModel(empty, texts);
  const inParts = fitLexicalModel(fitLexicalModel(empty, texts.slice(20).reverse()), texts.slice(0, 20));

  expect(inParts).toEqual(atOnce);
  expect(atOnce.texts).toBe(texts.length);
  expect(empty.textsWith.every((count) => count === 0)).toBe(true);
});

test('the vectors of a version stay as they are', () => {
  const vector = embedLexically(
    fitLexicalModel(empty, ['one text', 'another text']),
    'a text about Ünïcode 42',
  );
  const set = [...vector.entries()].filter(([, value]) => value !== 0);

  expect(set).toHaveLength(44);
  expect(set.slice(0, 3).map(([at, value]) => [at, Number(value.toFixed(4))])).toEqual([
    [10, -0.0542],
    [17, 0.1138],
    [68, -0.0542],
  ]);
});

test('the body is cut, never within a character', () => {
  expect(textOf({ title: 'Title', body: 'x'.repeat(2000) })).toBe(`Title\n${'x'.repeat(1500)}`);
  expect(textOf({ title: 't', body: 'ab😀' }, 3)).toBe('t\nab');
  expect(textOf({ title: 't', body: 'ab😀' }, 4)).toBe('t\nab😀');
  expect(() => textOf({ title: 't', body: '' }, -1)).toThrow(/bodyChars is -1/);
});

test('a threshold is two deviations over what is usual, whatever the scale', () => {
  const tight = vectorSet(Float32Array.from(themedRows(300, 40, 30, 5).flat()), 40);
  const shifted = themedRows(300, 40, 30, 5).map((row) => row.map((value) => value + 3));
  const [low, high] = [
    calibrateThreshold(tight),
    calibrateThreshold(vectorSet(Float32Array.from(shifted.flat()), 40)),
  ];

  expect(low).toBeGreaterThan(0.3);
  expect(low).toBeLessThan(0.6);
  expect(high).toBeGreaterThan(0.9);
  expect(high).toBeLessThan(1);
});

test('too few items to calibrate are refused', () => {
  const few = themedRows(19, 4, 2, 1).flat();

  expect(() => calibrateThreshold(vectorSet(Float32Array.from(few), 4))).toThrow(
    /only 19 items have a vector/,
  );
  expect(() => calibrateThreshold(vectorSet(new Float32Array(400), 4))).toThrow(/only 0 items have a vector/);
});
