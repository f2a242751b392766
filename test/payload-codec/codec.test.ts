import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPayloadCodec } from '../../payload-codec/codec.ts';
import { readKeyFile, withNewKey, writeKeyFile } from '../../payload-codec/key-file.ts';
import { openKeyring } from '../../payload-codec/keyring.ts';
import { payloadConverter } from '../../workflows/shared/payload-converter.ts';
import { makeKeyFile } from './keys.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  ({ folder, file } = await makeKeyFile());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const codecOf = (namespace = 'here', onUnreadable?: (keyId: string) => void) =>
  createPayloadCodec({ keyring: openKeyring(file), namespace, onUnreadable });
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

test('what is sealed comes back as it was, and does not show in between', async () => {
  const codec = codecOf();
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.uint8Array(), async (value, bytes) => {
      const payloads = [
        payloadOf({ needle: 'xyzzy-plugh', value }),
        { metadata: { encoding: Buffer.from('binary/plain'), more: bytes }, data: bytes },
      ];

      const sealed = await codec.encode(payloads);

      expect(sealed.map(({ metadata }) => text(metadata?.['encoding']))).toEqual([
        'binary/encrypted',
        'binary/encrypted',
      ]);
      expect(text(sealed[0]?.data)).not.toContain('xyzzy');
      expect((await codec.decode(sealed)).map(plain)).toEqual(payloads.map(plain));
    }),
    { numRuns: 300 },
  );
});

test('labels stay readable: lone strings and nothing at all', async () => {
  const labels = [payloadOf('shop v2: canary rollout'), payloadOf(undefined)];

  expect(await codecOf().encode(labels)).toEqual(labels);
});

test('numbers, lists and objects are no labels', async () => {
  const sealed = await codecOf().encode([5, true, ['a'], {}, { a: 'b' }].map(payloadOf));

  for (const { metadata } of sealed) expect(text(metadata?.['encoding'])).toBe('binary/encrypted');
});

test('a payload of one namespace does not open in another', async () => {
  const sealed = await codecOf('here').encode([payloadOf({ a: 1 })]);

  expect(await codecOf('elsewhere').decode(sealed)).toEqual(sealed);
  expect((await codecOf('here').decode(sealed)).map(plain)).toEqual([payloadOf({ a: 1 })].map(plain));
});

test('whatever is changed in a sealed payload: it passes through and is read as undefined', async () => {
  const complaints: string[] = [];
  const codec = codecOf('here', (keyId) => complaints.push(keyId));
  const [sealed] = await codec.encode([payloadOf({ decisionId: 'x' })]);
  const { metadata, data } = sealed as { metadata: Record<string, Uint8Array>; data: Uint8Array };
  const flips = Array.from(data, (_, index) => data.map((byte, at) => (at === index ? byte ^ 1 : byte)));
  const others: Payload[] = [
    ...flips.map((changed) => ({ metadata, data: changed })),
    ...[0, 1, 11, 12, 27, 28, data.length - 1].map((length) => ({
      metadata,
      data: data.subarray(0, length),
    })),
    { metadata },
    { metadata: { ...metadata, 'encryption-key-id': Buffer.from('key-unheard-of') }, data },
    { metadata: { encoding: Buffer.from('binary/encrypted') }, data },
    { metadata: { encoding: Buffer.from('binary/encrypted') } },
    { metadata: { ...metadata, 'encryption-key-id': Buffer.from('__proto__') }, data },
  ];

  for (const garbage of others) {
    const [passed] = await codec.decode([garbage]);
    expect(passed).toBe(garbage);
    expect(payloadConverter.fromPayload(garbage)).toBeUndefined();
  }
  expect(new Set(complaints).size).toBe(complaints.length);
});

test('any bytes at all never make it throw', async () => {
  const codec = codecOf();
  const { sealWith } = readKeyFile(file);
  const metadata = fc.record(
    {
      encoding: fc.constantFrom('binary/encrypted', 'json/plain', 'x').map((name) => Buffer.from(name)),
      'encryption-key-id': fc.oneof(fc.constant(Buffer.from(sealWith)), fc.uint8Array()),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(metadata, fc.uint8Array({ maxLength: 200 }), async (given, data) => {
      await codec.decode([{ metadata: given, data }]);
    }),
    { numRuns: 1000 },
  );
});

test('clear payloads of the time before the keys stay readable', async () => {
  const clear = [payloadOf({ a: 1 }), { metadata: {}, data: Buffer.from('x') }, {}];

  expect(await codecOf().decode(clear)).toEqual(clear);
});

test('a rotation needs no restart: old payloads open, new ones are sealed with the new key', async () => {
  const codec = codecOf();
  const reader = codecOf();
  const before = await codec.encode([payloadOf({ a: 1 })]);
  const rotated = withNewKey(readKeyFile(file));
  await writeKeyFile(file, rotated);

  // Another process that has read the new file already, while this one has not.
  const after = await codecOf().encode([payloadOf({ a: 2 })]);

  expect(text(after[0]?.metadata?.['encryption-key-id'])).toBe(rotated.sealWith);
  expect((await reader.decode([...before, ...after])).map(plain)).toEqual(
    [payloadOf({ a: 1 }), payloadOf({ a: 2 })].map(plain),
  );
  const sealingWith = async () =>
    text((await codec.encode([payloadOf({})]))[0]?.metadata?.['encryption-key-id']);
  await expect.poll(sealingWith).toBe(rotated.sealWith);
});

test('a key file that breaks while it is used changes nothing', async () => {
  const codec = codecOf();
  const sealed = await codec.encode([payloadOf({ a: 1 })]);
  const good = readKeyFile(file);
  await writeFile(file, '{"half');

  await codec.decode([
    { metadata: sealed[0]?.metadata && { ...sealed[0].metadata, 'encryption-key-id': Buffer.from('new') } },
  ]);

  expect((await codec.decode(sealed)).map(plain)).toEqual([payloadOf({ a: 1 })].map(plain));
  await writeKeyFile(file, good);
});

test.each([
  ['no JSON', 'topsecret'],
  ['no keys', '{"sealWith":"topsecret"}'],
  ['a short key', '{"sealWith":"a","keys":{"a":"dG9wc2VjcmV0"}}'],
  ['a seal with no key', `{"sealWith":"topsecret","keys":{"a":"${Buffer.alloc(32).toString('base64')}"}}`],
  ['an empty file', ''],
])('a key file with %s is refused, and what is in it is not repeated', async (_, content) => {
  const bad = `${file}.bad`;
  await writeFile(bad, content);

  const message = messageOf(() => openKeyring(bad));

  expect(message).toContain(bad);
  expect(message).not.toMatch(/topsecret|dG9wc2Vj/);
});

function plain({ metadata, data }: Payload): unknown {
  const entries = Object.entries(metadata ?? {}).map(([name, bytes]) => [name, text(bytes)]);
  return { metadata: Object.fromEntries(entries) as unknown, data: text(data) };
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('it should have thrown');
}
