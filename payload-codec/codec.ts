import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { Keyring } from './keyring.ts';
import { seal, unseal } from './seal.ts';

const encoding = 'binary/encrypted';
const cipher = 'AES-256-GCM';

export interface CodecOptions {
  readonly keyring: Keyring;
  readonly namespace: string;
  /** Told once for each key id and process that payloads were met which cannot be opened. */
  readonly onUnreadable?: (keyId: string) => void;
}

/**
 * Seals payloads on their way to Temporal and opens them on their way back. What cannot be opened passes through as it is: anyone can
 * send bytes from the command line, and a codec that throws would fail the workflow task for ever. Our payload converter reads what is
 * still sealed as undefined, and every handler checks shapes.
 */
export function createPayloadCodec({ keyring, namespace, onUnreadable }: CodecOptions): PayloadCodec {
  const complainedOf = new Set<string>();

  function encodeOne(payload: Payload): Payload {
    if (isLabel(payload) || encodingOf(payload) === encoding) return payload;
    const key = keyring.sealing();
    const metadata = { encoding, 'encryption-cipher': cipher, 'encryption-key-id': key.id };
    return {
      metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text)])),
      data: seal(key, namespace, PayloadMessage.encode(payload).finish()),
    };
  }

  function decodeOne(payload: Payload): Payload {
    if (encodingOf(payload) !== encoding) return payload;
    const keyId = textOf(payload, 'encryption-key-id');
    const key = keyring.find(keyId);
    const clear = key === null ? null : unseal(key, namespace, payload.data ?? new Uint8Array());
    if (clear !== null) return PayloadMessage.decode(clear);
    complain(keyId);
    return payload;
  }

  /** Anyone can make up key ids: a few are told, not each. */
  function complain(keyId: string): void {
    if (complainedOf.has(keyId) || complainedOf.size >= 20) return;
    complainedOf.add(keyId);
    onUnreadable?.(keyId.slice(0, 64));
  }

  return {
    encode: (payloads) => Promise.resolve(payloads.map(encodeOne)),
    decode: (payloads) => Promise.resolve(payloads.map(decodeOne)),
  };
}

const PayloadMessage = proto.temporal.api.common.v1.Payload;
const quote = '"'.charCodeAt(0);

/**
 * Labels stay readable on purpose: summaries, details and memo are lone strings, and lists of the Temporal UI show them without a
 * codec. What workflows and activities take and give is always an object, so it is never a label. `binary/null` holds nothing.
 */
function isLabel(payload: Payload): boolean {
  const kind = encodingOf(payload);
  return kind === 'binary/null' || (kind === 'json/plain' && payload.data?.[0] === quote);
}

function encodingOf(payload: Payload): string {
  return textOf(payload, 'encoding');
}

function textOf({ metadata }: Payload, name: string): string {
  const value = metadata?.[name];
  return value == null ? '' : Buffer.from(value).toString('utf8');
}
