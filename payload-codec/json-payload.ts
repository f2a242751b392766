import type { Payload, PayloadCodec } from '@temporalio/common';

/** A payload as protobuf spells it in JSON: bytes are base64. */
export interface JsonPayload {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly data?: string;
}

export function payloadFromJson({ metadata = {}, data }: JsonPayload): Payload {
  const entries = Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
  return {
    metadata: Object.fromEntries(entries) as Record<string, Uint8Array>,
    ...(data === undefined ? {} : { data: Buffer.from(data, 'base64') }),
  };
}

export function payloadToJson({ metadata, data }: Payload): JsonPayload {
  const entries = Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
  return {
    metadata: Object.fromEntries(entries) as Record<string, string>,
    ...(data == null ? {} : { data: base64(data) }),
  };
}

/** The same JSON with every payload in it opened, wherever it stands; what cannot be opened stays sealed. */
export async function openPayloads(value: unknown, codec: PayloadCodec): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => openPayloads(item, codec)));
  if (typeof value !== 'object' || value === null) return value;
  if (isPayload(value)) {
    const [opened] = await codec.decode([payloadFromJson(value)]);
    return opened === undefined ? value : payloadToJson(opened);
  }
  const entries = Object.entries(value).map(
    async ([name, member]) => [name, await openPayloads(member, codec)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function isPayload(value: object): value is JsonPayload {
  const { metadata } = value as { metadata?: unknown };
  const { encoding } = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as {
    encoding?: unknown;
  };
  return typeof encoding === 'string';
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
