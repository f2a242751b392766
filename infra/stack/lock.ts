import { createHash } from 'node:crypto';
import { holdName } from '../net/hold-name.ts';

/** One supervisor a state folder. Answers false when another process supervises it. */
export function holdStackLock(home: string): Promise<boolean> {
  return holdName(createHash('sha256').update(home).digest('hex').slice(0, 32));
}
