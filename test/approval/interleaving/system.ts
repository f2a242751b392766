import type { Decision, Script } from './script.ts';

/** What is asked about one state of a thing: where it stands is looked up, what it is never changes. */
export interface Asking {
  readonly id: string;
  readonly thing: string;
}

/** An approval in whatever way it is built, as a script drives it. */
export interface ApprovalSystem {
  /** The story asks about the thing as it is now. Answers what is asked; null when it asks nothing any more. */
  request(): Promise<Asking | null>;
  edit(thing: string): Promise<void>;
  /** Answers whether it was taken. */
  answer(asking: Asking, by: string, decision: Decision, times: number): Promise<boolean>;
  around(asking: Asking, by: string, decision: Decision): Promise<boolean>;
  deliver(how: 'signal' | 'update', isForged: boolean): Promise<void>;
  expire(): Promise<void>;
  escalate(): Promise<void>;
  cancel(): Promise<void>;
  continueAsNew(): Promise<void>;
  reset(): Promise<void>;
  /** Tries to act, also when the story has no reason to. Answers what it acted on. */
  act(): Promise<string | null>;
  /** How every asking has ended so far, by its id. */
  outcomes(): Promise<ReadonlyMap<string, string>>;
}

export type OpenSystem = (script: Script) => Promise<ApprovalSystem>;
