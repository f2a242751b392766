import type { AgentOrder } from '../../contracts/agent-update.ts';
import { canonicalJson } from '../canonical-json.ts';

export type UnsignedOrder = Omit<AgentOrder, 'keyId' | 'signature'>;

/** What an Ed25519 key is asked to sign with; api/signer.ts is one. */
interface OrderSigner {
  readonly keyId: string;
  sign(text: string): string;
}

/** An order as the control plane hands it out: the signature is over everything else in it. */
export function signAgentOrder(signer: OrderSigner, unsigned: UnsignedOrder): AgentOrder {
  const body = { ...unsigned, keyId: signer.keyId };
  return { ...body, signature: signer.sign(canonicalJson(body)) };
}

/** The text that the signature of an order is over. */
export function signedOrderText({ signature, ...body }: AgentOrder): string {
  void signature;
  return canonicalJson(body);
}
