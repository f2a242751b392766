import { OpsError } from '../domain/errors.ts';

/** Opaque keyset cursors: the key of the last item of a page. */
export function encodeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (key === '' || encodeCursor(key) !== cursor) {
    throw new OpsError('invalid-input', 'the cursor is not one of ours: take `next` of the page before', {
      errors: [{ pointer: 'querystring/cursor', detail: 'is not a cursor' }],
    });
  }
  return key;
}

/** A page from one row more than was asked for: the surplus row only tells that there is a next page. */
export function pageOf<T>(
  rows: T[],
  limit: number,
  keyOf: (row: T) => string,
): { items: T[]; next?: string } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined ? { items, next: encodeCursor(keyOf(last)) } : { items };
}
