import { OpsError } from '../../domain/errors.ts';
import { decodeCursor } from '../cursor.ts';

/** The place in the chain that a cursor names; null without one. */
export function placeOf(cursor: string | undefined): number | null {
  const text = decodeCursor(cursor);
  if (text === null) return null;
  const place = Number(text);
  if (Number.isSafeInteger(place) && place >= 0) return place;
  throw new OpsError('invalid-input', 'the cursor is not one of ours: take `next` of the page before');
}
