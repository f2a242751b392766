import type { AgentOrder } from '../../contracts/agent-update.ts';
import { integer, matching, object, text, type Shape } from '../shape.ts';

/** By hand, as proxy-agent/shapes.ts says; a test compares it with the schema. */
export function isAgentOrder(value: unknown): value is AgentOrder {
  return object({
    ...{ project: name, proxy: name, sequence: positive, version: text, sha256, size: positive },
    ...{ notBefore: instant, expiresAt: instant, keyId: matching(/^[0-9a-f]{16}$/), signature: text },
  })(value);
}

const name = matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const sha256 = matching(/^[0-9a-f]{64}$/);
const positive: Shape = (value) => integer(value) && Number(value) >= 1;
const instant: Shape = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
