import { randomFillSync } from 'node:crypto';
import { ulid } from 'ulid';

const pool = Buffer.alloc(4096);
let used = pool.length;

/** A new ULID. Random bytes are drawn 4 KiB at a time: one draw a character would cost more than the rest of a request. */
export function newId(): string {
  return ulid(undefined, random);
}

function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used] ?? 0;
  used += 1;
  return byte / 256;
}
