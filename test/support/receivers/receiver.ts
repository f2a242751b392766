/** How a receiver behaves: takes everything, asks to come later (in 3 s), refuses for good, says nothing, or never stops talking. */
export type Manner = 'accept' | 'busy' | 'busy for 3 s' | 'refuse' | 'silent' | 'flood';

export interface Received {
  /** The delivery's id, as the receiver knows it. */
  readonly id: string;
  /** Everything it shows to a person. */
  readonly text: string;
}

/** Somebody who is told things, over the real protocol of their kind. */
export interface Receiver {
  readonly target: string;
  readonly secret: string;
  /** What was taken, oldest first. */
  received(): readonly Received[];
  /** How often somebody tried. */
  tries(): number;
  behave(manner: Manner): void;
  close(): Promise<void>;
}
