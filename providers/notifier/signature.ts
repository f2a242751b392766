import { createHmac } from 'node:crypto';

/**
 * The headers of a signed webhook (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`, in base64, one signature for each of
 * several secrets, so that a secret can be changed while both are valid. Null when there is no usable secret among `secrets`.
 */
export function signedHeaders(
  secrets: string,
  message: { readonly id: string; readonly seconds: number; readonly body: string },
): Record<string, string> | null {
  const keys = secrets.split(/\s+/).filter(Boolean).map(keyOf);
  if (keys.length === 0 || keys.includes(null)) return null;
  const { id, seconds, body } = message;
  const signatures = keys
    .filter((key) => key !== null)
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}

/** `whsec_` and 24 to 64 bytes in base64. */
function keyOf(secret: string): Buffer | null {
  const [, text] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(text ?? '', 'base64');
  return key.length >= 24 && key.length <= 64 ? key : null;
}
