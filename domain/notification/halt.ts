/** What is known about a delivery when it is about to be sent. */
export interface DeliveryFacts {
  readonly event: string;
  readonly isReplay: boolean;
  /** The channel as it is now; null: it was removed. */
  readonly channel: { readonly enabled: boolean } | null;
  /** Whether the gate it tells about was answered, or its operation has ended. */
  readonly isAnswered: boolean;
}

export interface Halt {
  readonly state: 'stale' | 'dropped';
  readonly reason: string;
}

/** Why a delivery is not sent any more, or null. Who asks for a replay gets it, answered or not: it says that it is one. */
export function haltOf(facts: DeliveryFacts): Halt | null {
  if (facts.channel === null) return { state: 'dropped', reason: 'the channel was removed' };
  if (!facts.channel.enabled) return { state: 'dropped', reason: 'the channel was switched off' };
  const isGate = ['gate.opened', 'gate.overdue', 'gate.escalated'].includes(facts.event);
  if (!isGate || facts.isReplay || !facts.isAnswered) return null;
  return { state: 'stale', reason: 'the gate was answered before this could be sent' };
}
