import type { DataConverter } from '@temporalio/common';
import { createPayloadCodec } from './codec.ts';
import { openKeyring } from './keyring.ts';

export interface PayloadSecrecy {
  /** The file of payload keys; null: payloads are clear text. */
  readonly payloadKeys: string | null;
  readonly namespace: string;
  readonly onUnreadable?: (keyId: string) => void;
}

/** How every client and worker of ours writes and reads payloads. Throws `invalid-input` when the key file cannot be used. */
export function createDataConverter({ payloadKeys, namespace, onUnreadable }: PayloadSecrecy): DataConverter {
  if (payloadKeys === null) return {};
  const keyring = openKeyring(payloadKeys);
  return { payloadCodecs: [createPayloadCodec({ keyring, namespace, onUnreadable })] };
}
