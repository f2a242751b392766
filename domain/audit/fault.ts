/** What can be wrong with an audit, and what each kind says. */
export const faultKinds = {
  edit: 'the entry or its seal is not what was hashed',
  gap: 'an entry is missing from the sequence',
  fork: 'two seals have one parent, or two checkpoints of one size have two roots',
  reorder: 'entries stand in another order than they were sealed in',
  duplicate: 'an entry is there twice',
  foreign: 'an entry or a checkpoint belongs to another project',
  'not-canonical': 'the bytes are not canonical JSON',
  missing: 'the entry of a seal is gone',
  unsealed: 'an entry has not been sealed for longer than the sealer takes',
  clock: 'an entry is older than its predecessor, or of the future, by more than the bound',
  personal: 'the personal data kept apart is not what the entry holds the digest of',
  truncation: 'a checkpoint covers more entries than there are',
  rewrite: 'the chain holds in itself, but it is not the one that a checkpoint was signed over',
  'wrong-signature': 'the signature of a checkpoint is wrong',
  'unknown-key': 'a checkpoint is signed by none of the known keys',
  'replayed-checkpoint': 'a checkpoint stands in the place of another one',
  malformed: 'a line or a checkpoint cannot be read, or the export breaks off',
} as const;

export type FaultKind = keyof typeof faultKinds;

/** The first thing that is wrong. */
export interface Fault {
  readonly kind: FaultKind;
  /** Place in the sequence, or size of a checkpoint; null for an entry that has no place. */
  readonly seq: number | null;
  readonly entry: string | null;
  readonly detail: string;
}

export function faultOf(
  kind: FaultKind,
  where: { seq?: number | null; entry?: string | null },
  detail: string = faultKinds[kind],
): Fault {
  return { kind, seq: where.seq ?? null, entry: where.entry ?? null, detail };
}
