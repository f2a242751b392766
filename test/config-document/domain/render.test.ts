import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { heading, line, writeLines } from '../../../domain/config-document/render/line.ts';
import { nodePlaces } from '../../../domain/config-document/render/places.ts';
import { renderConfigDocument } from '../../../domain/config-document/render/render.ts';
import { quoteWord } from '../../../domain/config-document/render/word.ts';
import { revisionOf } from '../../../domain/config-document/revision.ts';
import { nastyTexts } from '../arbitrary-of.ts';
import { shapedDocuments, shop } from '../documents.ts';
import { wordsOf } from '../words-of.ts';

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
const anyText = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...nastyTexts), fc.constant(''))
  .map((text) => text.replaceAll('\0', '').toWellFormed());

test('any word is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 1 }), (words) => {
      const { text } = writeLines([line('', ...words)]);
      const [, written = '', ...more] = text.split('\n');

      expect(more).toEqual(['']);
      expect(wordsOf(written)).toEqual(words);
    }),
  );
});

test('U+0000 is refused, since HAProxy would end the word there', () => {
  expect(() => quoteWord('a\0b')).toThrow('U+0000');
});

/** What directive lines hold when every free text of the document is a harmless one of its own. */
test('no text of a document becomes a directive, a word, or an expression', () => {
  fc.assert(
    fc.property(shapedDocuments, fc.array(anyText, { minLength: 1, maxLength: 9 }), (document, texts) => {
      // Far more than the contract lets through: it must not be the only wall.
      const wild = withTexts(document, (_, index) => `n${texts[index % texts.length]}z`);
      const tame = withTexts(document, (_, index) => `n${index}z`);
      const [wildLines, tameLines] = [linesOf(wild), linesOf(tame)];

      expect(wildLines.map(shapeOf)).toEqual(tameLines.map(shapeOf));
    }),
    { numRuns: 300 },
  );
});

test('only our own expressions are expressions', () => {
  const nasty = "%[env(HOME)] %{+Q}o ${HOME} 'q' %";
  const changes = [{ action: 'set' as const, name: 'x-a', value: nasty }];
  const [frontend] = shop.frontends;
  const { text } = renderConfigDocument({
    ...shop,
    frontends: [
      {
        ...frontend,
        name: 'web',
        binds: [],
        requestHeaders: changes,
        responseHeaders: changes,
        routes: [{ name: 'r', redirect: { location: `/${nasty}` } }],
      },
    ],
  });

  for (const word of text
    .split('\n')
    .flatMap(wordsOf)
    .filter((each) => each.includes('HOME')))
    expect(word).toMatch(/^\/?%%\[env\(HOME\)\] %%\{\+Q\}o \$\{HOME\} 'q' %%$/);
});

test('the same document gives the same text and revision, whatever the order of its members', () => {
  fc.assert(
    fc.property(shapedDocuments, (document) => {
      const turned = reversed(document) as ConfigDocument;

      expect(renderConfigDocument(turned)).toEqual(renderConfigDocument(document));
      expect(revisionOf(sha256, turned)).toBe(revisionOf(sha256, document));
    }),
  );
});

test('the revision is the hash of the canonical JSON', () => {
  const document: ConfigDocument = { backends: [], frontends: [], schemaVersion: 1 };
  const canonical = '{"backends":[],"frontends":[],"schemaVersion":1}';

  expect(revisionOf(sha256, document)).toBe(createHash('sha256').update(canonical).digest('hex'));
  expect(revisionOf(sha256, shop)).not.toBe(revisionOf(sha256, document));
});

test('every line leads to the part that it renders', () => {
  const { text, pointers } = renderConfigDocument(shop);
  const lines = text.trimEnd().split('\n');
  const pointerOf = (part: string): string | undefined =>
    pointers[lines.findIndex((each) => each.includes(part))];

  expect(pointers).toHaveLength(lines.length);
  expect(pointerOf('bind *:8080')).toBe('/frontends/0/binds/0');
  expect(pointerOf('-- /cart')).toBe('/frontends/0/routes/0/match/prefixes');
  expect(pointerOf('redirect location')).toBe('/frontends/0/routes/1/redirect');
  expect(pointerOf('server c2')).toBe('/backends/0/servers/1');
  expect(pointerOf('hard-stop-after')).toBe('/defaults/hardStopAfter');
});

test('a node gets its socket and the proof of its revision', () => {
  const proof = { socket: '/run/holdfast/proof.sock', revision: 'abc' };
  const { text } = renderConfigDocument(shop, { ...nodePlaces, runtimeSocket: '/run/admin.sock', proof });

  expect(text).toContain('stats socket /run/admin.sock mode 600 level admin');
  expect(text).toMatch(/bind unix@\/run\/holdfast\/proof\.sock mode 600\n.*string abc\n/);
  expect(text).toContain('option idle-close-on-response');
});

test('a heading begins a section', () => {
  const { text, pointers } = writeLines([heading('/a', 'backend', 'b'), line('/b', 'balance', 'first')]);

  expect(text.split('\n').slice(1)).toEqual(['', 'backend b', '    balance first', '']);
  expect(pointers).toEqual(['', '/a', '/a', '/b']);
});

function linesOf(document: ConfigDocument): string[][] {
  return renderConfigDocument(document).text.split('\n').map(wordsOf);
}

/** How many words a line has, and those of them that the renderer wrote. */
function shapeOf(words: readonly string[]): string[] {
  return words.map((word) => (/^n|\(n|^\/n|^unix|\[/.test(word) ? '?' : word));
}

/** Texts that mean something to us by their form stay. */
const formed =
  /Duration|schemaVersion|status|expectStatus|action|from|scheme|balance|methods|minVersion|method/;
const spans =
  /^(connect|client|server|httpRequest|keepAlive|queue|tunnel|hardStopAfter|interval|timeout|per)$/;

function withTexts(document: ConfigDocument, write: (text: string, index: number) => string): ConfigDocument {
  let index = 0;
  const walk = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, walk(part, name)]));
    if (typeof value !== 'string' || formed.test(key) || spans.test(key)) return value;
    index += 1;
    return write(value, index);
  };
  return walk(document, '') as ConfigDocument;
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, reversed(part)] as const);
  return Object.fromEntries(entries.reverse());
}

test('the node’s own address is read from its environment, or stands there where it is known', () => {
  const web = { name: 'web', binds: [{ address: 'node', port: 8080 }] };
  const document: ConfigDocument = { schemaVersion: 1, frontends: [web], backends: [] };

  expect(renderConfigDocument(document).text).toContain('    bind "${HOLDFAST_NODE_ADDRESS}:8080"\n');
  const there = { ...nodePlaces, nodeAddress: '127.0.0.1' };
  expect(renderConfigDocument(document, there).text).toContain('    bind 127.0.0.1:8080\n');
});
