import { expect, test } from 'vitest';
import { errorRow, errorTable, isErrorCode, OpsError, type ErrorCode } from '../../domain/errors.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

test.each(codes)('%s has an HTTP status of an error and a title for people', (code) => {
  const row = errorRow(code);

  expect(row.status).toBeGreaterThanOrEqual(400);
  expect(row.status).toBeLessThan(600);
  expect(row.title).toMatch(/^[A-Z]/);
});

test.each(codes)('%s is tried again only where the same call may succeed later', (code) => {
  const { status, retryable } = errorRow(code);

  expect(retryable).toBe(status === 408 || status === 429 || status >= 500);
});

test('only codes of the table are codes', () => {
  expect(isErrorCode('conflict')).toBe(true);
  expect(['toString', 'ApplicationFailure', '', null, 5].some(isErrorCode)).toBe(false);
});

test('an error keeps its code, detail and cause', () => {
  const cause = new Error('connection refused');

  const error = new OpsError('unavailable', 'HAProxy does not answer', { proxy: 'local' }, cause);

  expect(error).toMatchObject({ code: 'unavailable', detail: { proxy: 'local' }, cause });
});
