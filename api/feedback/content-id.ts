import { createHash } from 'node:crypto';

/** What a delivery is called that names itself nowhere: its bytes. */
export function contentId(raw: Buffer): string {
  return `bytes/${createHash('sha256').update(raw).digest('hex')}`;
}
