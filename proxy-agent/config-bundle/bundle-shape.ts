import type { ConfigBundle } from '../../contracts/config-bundle.ts';
import { array, integer, matching, nullable, object, oneOf, optional, text, type Shape } from '../shape.ts';

/** By hand, as proxy-agent/shapes.ts says; a test compares it with the schema. */
export function isConfigBundle(value: unknown): value is ConfigBundle {
  return object({
    project: name,
    environment: name,
    proxy: nullable(name),
    revision: sha256,
    sequence: (sequence) => integer(sequence) && Number(sequence) >= 1,
    order: oneOf(['apply', 'rollback']),
    drift: optional(oneOf(['report', 'adopt', 'revert'])),
    notBefore: instant,
    expiresAt: instant,
    files: array(object({ path: text, content: text, sha256 })),
    hash: sha256,
    keyId: matching(/^[0-9a-f]{16}$/),
    signature: text,
  })(value);
}

const name = matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const sha256 = matching(/^[0-9a-f]{64}$/);
const instant: Shape = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
