import { fromBase64, toBase64 } from './bytes.ts';

/** What a signed checkpoint says (c2sp.org/tlog-checkpoint): the first `size` entries of the log `origin` have this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export function checkpointOrigin(project: string): string {
  return `holdfast/audit/${project}`;
}

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** null when the text is no checkpoint. Extension lines are passed over. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin, size, root] = text.split('\n');
  if (!origin || !size || !root || !/^(0|[1-9][0-9]{0,15})$/.test(size)) return null;
  if (!/^[A-Za-z0-9+/]{43}=$/.test(root)) return null;
  return { origin, size: Number(size), root: fromBase64(root) };
}
