import { expect, test } from 'vitest';
import { redactPath } from '../../proxy-agent/windows/redact-path.ts';

test.each([
  ['/cart/1', '/cart/1', false],
  ['/a%20b/%zz%', '/a%20b/%zz%', false],
  ['/users/eve@example.org', '/users/[email]', false],
  ['/users/eve%40example.org', '/users/[email]', true],
  ['/users/eve%40example.org/%1b[31m', '/users/[email]/?[31m', true],
  ['/users/eve%2540example.org', '/users/[email]', true],
  ['/u/%D0%B0%D0%BD%D0%BD%D0%B0%40example.ru', '/u/[email]', true],
  ['/caf%C3%A9/ann@example.org', '/caf%C3%A9/[email]', false],
  ['/login;password=Hunter%262secret', '/login;password=[named-secret]', false],
  ['/secret=abc%2Cdef/eve%40example.org', '/secret=[named-secret]', false],
])('%s', (path, text, isEncoded) => {
  expect(redactPath(path)).toEqual({ text, isEncoded });
});
