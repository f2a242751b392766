import { expect, test } from 'vitest';
import type { Impact, ImpactChange } from '../../../domain/config-document/impact.ts';
import { impactText } from '../../../domain/config-document/impact-text.ts';

const moved: ImpactChange = { what: 'backend', before: 'shop', after: null };
const secret: ImpactChange = { what: 'header', name: 'x-key', before: null, after: 'hunter2' };
const body: ImpactChange = { what: 'body', before: 'hunter2', after: 'hunter3' };

function impacts(...kinds: ImpactChange[][]): Impact[] {
  return kinds.map((changes, index) => ({ index, changes }));
}

test('what changes most comes first, and values of headers and bodies are left out', () => {
  const text = impactText(impacts([secret, body], [moved], [moved], [body]));

  expect(text).toBe('2 × backend shop -> none; 1 × another header x-key, another body; 1 × another body');
});

test('many kinds of changes, and many changes of one kind, are cut short', () => {
  const status = (code: number): ImpactChange => ({ what: 'status', before: '200', after: String(code) });
  const text = impactText(
    impacts([status(1), status(2), status(3), status(4), status(5)], [moved], [body], [secret]),
  );

  expect(text).toMatch(/^1 × status 200 -> 1, .*, status 200 -> 4, and more; 1 × .*; 1 × .*; and 1 more$/);
});

test('nothing is nothing', () => {
  expect(impactText([])).toBe('');
});
