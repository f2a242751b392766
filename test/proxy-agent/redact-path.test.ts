import { expect, test } from 'vitest';
import { redactPath } from '../../proxy-agent/windows/redact-path.ts';

test.each([
  ['/cart/1', '/cart/1', false],
  ['/a%20b/%zz%', '/a%20b/%zz%', false],
  ['/users/eve@example.org', '/users/[email]', false],
  ['/users/eve%40example.org', '/users/[email]', true],
  ['/users/eve%40example.org/%1b[31m', '/users/[email]/?[31m', true],
])('%s', (path, text, isEncoded) => {
  expect(redactPath(path)).toEqual({ text, isEncoded });
});
