import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { rewriteYaml, yamlText } from '../../../cli/config-rollout/rewrite-yaml.ts';
import { validDocuments } from '../../config-document/documents.ts';

const text = `# of the shop
backends:
  - name: cart # the money
    servers: [{ name: c1, weight: 10 }]

  # static
  - name: pages
    note: "quoted"
`;
const [cart, pages] = (parse(text) as { backends: object[] }).backends;

test('comments, layout and quotes stay where the content does', () => {
  expect(rewriteYaml(text, parse(text))).toBe(text);
  expect(rewriteYaml(text, { backends: [cart, { name: 'pages', note: 'other' }] })).toBe(
    text.replace('quoted', 'other'),
  );
  expect(rewriteYaml(text, { backends: [pages, cart] })).toContain('- name: cart # the money');
});

test('what comes is added, what goes is gone, and the rest stays', () => {
  const more = rewriteYaml(text, { backends: [cart, { name: 'new' }, pages], more: true });

  expect(parse(more)).toEqual({ backends: [cart, { name: 'new' }, pages], more: true });
  expect(more).toContain('# the money');
  expect(more).toContain('# of the shop');
  const less = rewriteYaml(text, { backends: [cart] });
  expect(parse(less)).toEqual({ backends: [cart] });
  expect(less).toContain('servers: [{ name: c1, weight: 10 }]');
});

test.each([
  ['anchors', 'a: &x { b: 1 }\nc: *x\n'],
  ['a merge key', 'a: &x { b: 1 }\nc: { <<: *x }\n'],
  ['nothing', ''],
  ['broken YAML', 'a: [1'],
  ['another kind', '- a\n'],
])('a file with %s holds the value all the same', (_what, before) => {
  const value = { c: { b: 2 }, list: [1, { d: null }] };
  expect(parse(rewriteYaml(before, value))).toEqual(value);
});

test('whatever was there, the text holds the document', () => {
  fc.assert(
    fc.property(validDocuments, validDocuments, (before, after) => {
      const value: unknown = JSON.parse(JSON.stringify(after));
      expect(parse(rewriteYaml(yamlText(before), after))).toEqual(value);
    }),
    { numRuns: 15 },
  );
});
