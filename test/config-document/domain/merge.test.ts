import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { canonicalJson } from '../../../domain/canonical-json.ts';
import { mergeDocuments } from '../../../domain/config-document/merge.ts';
import { shop, validDocuments } from '../documents.ts';

function edited(edit: (draft: ConfigDocument) => unknown): ConfigDocument {
  const draft = structuredClone(shop);
  edit(draft);
  return draft;
}

const routes = (document: ConfigDocument) => document.frontends[0]?.routes ?? [];
const servers = (document: ConfigDocument) => document.backends[0]?.servers ?? [];
const routeNames = (document: ConfigDocument) => routes(document).map(({ name }) => name);
const answer = { status: 204 };

test('edits of different parts come together, wherever things stand', () => {
  const ours = edited((d) => ((servers(d)[0] ?? { weight: 0 }).weight = 5));
  const theirs = edited(
    (d) => (d.backends.reverse(), d.backends[1]?.servers?.push({ name: 'c3', address: 'c:3' })),
  );
  const { document, conflicts } = mergeDocuments(shop, ours, theirs);

  expect(conflicts).toEqual([]);
  expect(document.backends.map(({ name }) => name)).toEqual(['pages', 'cart']);
  expect(document.backends[1]?.servers?.map(({ name, weight }) => [name, weight])).toEqual([
    ['c1', 5],
    ['c2', 10],
    ['c3', undefined],
  ]);
});

test('the same place changed in two ways is a conflict with ours kept', () => {
  const ours = edited((d) => ((servers(d)[1] ?? { weight: 0 }).weight = 5));
  const theirs = edited((d) => ((servers(d)[1] ?? { weight: 0 }).weight = 7));

  expect(mergeDocuments(shop, ours, theirs)).toEqual({
    document: ours,
    conflicts: [{ pointer: '/backends/0/servers/1/weight', base: 10, ours: 5, theirs: 7 }],
  });
});

test('removed here and changed there is a conflict', () => {
  const ours = edited((d) => d.backends.shift());
  const theirs = edited((d) => (d.backends[0] = { ...d.backends[0], name: 'cart', balance: 'first' }));
  const { document, conflicts } = mergeDocuments(shop, ours, theirs);

  expect(conflicts).toMatchObject([{ pointer: '/backends/0', ours: undefined }]);
  expect(document).toEqual(ours);
});

test('two new things of one name are a conflict, two the same are one', () => {
  const ours = edited((d) => routes(d).push({ name: 'n', answer }));
  const theirs = edited((d) => routes(d).push({ name: 'n', answer: { status: 205 } }));

  expect(mergeDocuments(shop, ours, theirs).conflicts).toMatchObject([{ pointer: '/frontends/0/routes/3' }]);
  expect(mergeDocuments(shop, ours, structuredClone(ours))).toEqual({ document: ours, conflicts: [] });
});

test('routes that both add stay where each put them, ours first', () => {
  const ours = edited((d) => routes(d).splice(1, 0, { name: 'o', answer }));
  const theirs = edited(
    (d) => (routes(d).splice(1, 0, { name: 't', answer }), routes(d).push({ name: 'z', answer })),
  );

  expect(routeNames(mergeDocuments(shop, ours, theirs).document)).toEqual([
    'cart',
    'o',
    't',
    'old',
    'ping',
    'z',
  ]);
});

test('an order that one side changed holds; two orders are a conflict', () => {
  const ours = edited((d) => routes(d).reverse());
  const theirs = edited((d) => routes(d).push({ name: 'z', answer }));
  const rotated = edited((d) => routes(d).push(...routes(d).splice(0, 1)));

  expect(routeNames(mergeDocuments(shop, ours, theirs).document)).toEqual(['ping', 'z', 'old', 'cart']);
  expect(routeNames(mergeDocuments(shop, theirs, ours).document)).toEqual(['ping', 'z', 'old', 'cart']);
  expect(mergeDocuments(shop, ours, rotated).conflicts).toMatchObject([
    { pointer: '/frontends/0/routes', ours: ['ping', 'old', 'cart'], theirs: ['old', 'ping', 'cart'] },
  ]);
});

test('headers and their tests are one value each', () => {
  const change = (value: string) =>
    edited(
      (d) =>
        (d.frontends[0] = {
          ...d.frontends[0],
          name: 'web',
          binds: [],
          requestHeaders: [{ action: 'set', name: 'a', value }],
        }),
    );

  expect(mergeDocuments(shop, change('1'), change('2')).conflicts).toMatchObject([
    { pointer: '/frontends/0/requestHeaders' },
  ]);
});

const same = (a: unknown, b: unknown): void => expect(canonicalJson(a)).toBe(canonicalJson(b));

test('a side that changed nothing gives way, and equal sides agree', () => {
  fc.assert(
    fc.property(validDocuments, validDocuments, (base, other) => {
      for (const merge of [
        mergeDocuments(base, other, base),
        mergeDocuments(base, base, other),
        mergeDocuments(base, other, structuredClone(other)),
      ]) {
        expect(merge.conflicts).toEqual([]);
        same(merge.document, other);
      }
    }),
  );
});

test('sides exchanged, the conflicts are the same ones', () => {
  fc.assert(
    fc.property(validDocuments, validDocuments, validDocuments, (base, a, b) => {
      const valuesOf = (document: ConfigDocument, other: ConfigDocument): string[] =>
        mergeDocuments(base, document, other)
          .conflicts.map(({ ours, theirs }) => [canonicalJson(ours), canonicalJson(theirs)].sort().join())
          .sort();

      expect(valuesOf(a, b)).toEqual(valuesOf(b, a));
    }),
  );
});
