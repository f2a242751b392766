import type { AgentOrder, AgentOrderRefusal } from '../../contracts/agent-update.ts';
import { signedOrderText } from './order-text.ts';

/** What the one who decides knows. `verify` answers null for a key that is not trusted. */
export interface OrderFacts {
  readonly project: string;
  readonly proxy: string;
  readonly verify: (keyId: string, text: string, signature: string) => boolean | null;
  /** The highest sequence that was ever taken; 0: none. */
  readonly highest: number;
  /** Bytes of a release, at most. */
  readonly longest: number;
  /** Unix milliseconds. */
  readonly now: number;
  /** Unix milliseconds of a timestamp. */
  readonly parseTime: (timestamp: string) => number;
}

export interface OrderRefused {
  readonly refusal: AgentOrderRefusal;
  readonly why: string;
}

/** Why an order is not to be taken, or null. The signature comes first: nothing that an unknown hand wrote is told apart. */
export function refuseAgentOrder(order: AgentOrder, facts: OrderFacts): OrderRefused | null {
  return ofHand(order, facts) ?? ofPlace(order, facts) ?? ofTime(order, facts);
}

/** Why the bytes that came are not those of the order, or null. */
export function refuseRelease(
  order: Pick<AgentOrder, 'sha256' | 'size'>,
  came: { readonly size: number; readonly sha256: string },
): OrderRefused | null {
  if (came.size !== order.size)
    return refused('size-mismatch', `${came.size} bytes came, and the order says ${order.size}`);
  return came.sha256 === order.sha256
    ? null
    : refused('hash-mismatch', `what came has the sha256 ${came.sha256}, and the order says ${order.sha256}`);
}

function ofHand(order: AgentOrder, { verify }: OrderFacts): OrderRefused | null {
  const isSigned = verify(order.keyId, signedOrderText(order), order.signature);
  if (isSigned === null) return refused('unknown-key', `no trusted key has the id ${order.keyId}`);
  return isSigned ? null : refused('bad-signature', `the signature is not that of the key ${order.keyId}`);
}

function ofPlace({ project, proxy, size }: AgentOrder, facts: OrderFacts): OrderRefused | null {
  if (project !== facts.project)
    return refused('wrong-project', `it is for ${project}, and this is ${facts.project}`);
  if (proxy !== facts.proxy)
    return refused('wrong-proxy', `it is for the proxy ${proxy}, and this is ${facts.proxy}`);
  return size > facts.longest
    ? refused('too-large', `a release has at most ${facts.longest} bytes, not ${size}`)
    : null;
}

function ofTime({ sequence, notBefore, expiresAt }: AgentOrder, facts: OrderFacts): OrderRefused | null {
  const { highest, now, parseTime } = facts;
  if (sequence < highest)
    return refused('older-sequence', `sequence ${sequence} is older than ${highest}, which was seen before`);
  if (now < parseTime(notBefore)) return refused('not-yet-valid', `it holds from ${notBefore} on`);
  return now < parseTime(expiresAt) ? null : refused('expired', `it held until ${expiresAt}`);
}

function refused(refusal: AgentOrderRefusal, why: string): OrderRefused {
  return { refusal, why };
}
