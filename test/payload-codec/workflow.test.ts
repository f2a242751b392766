import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ulid } from 'ulid';
import { afterAll, describe, expect, test } from 'vitest';
import { createPayloadCodec } from '../../payload-codec/codec.ts';
import { createDataConverter } from '../../payload-codec/data-converter.ts';
import { openPayloads, type JsonPayload } from '../../payload-codec/json-payload.ts';
import { openKeyring } from '../../payload-codec/keyring.ts';
import { rotatePayloadKey } from '../../infra/secrets/rotate.ts';
import { loadConfig } from '../../config.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { prefixesOf, type SavedHistory } from '../replay/histories.ts';
import { replay } from '../replay/replay.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollback,
  startRollout,
  type StartedRollout,
} from '../support/rollout-house/people.ts';
import { makeKeyFile } from './keys.ts';

const keys = await makeKeyFile();
const house = houseForFile({ payloadKeys: () => Promise.resolve(keys.file) });
afterAll(() => rm(keys.folder, { recursive: true, force: true }));

const gated = {
  ...quickPlan,
  steps: [{ weight: 10, soak: '1s' }, { weight: 50, soak: '1s', gate: true }, { weight: 100 }],
};

describe.concurrent('with payload keys', () => {
  test('stories go as without; in the history labels alone are clear', { timeout: 60_000 }, async () => {
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', gated);
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    const rollback = await startRollback(house(), service);
    if (rollback === null) throw new Error('the rollback was refused');
    expect(await rollback.result()).toMatchObject({ outcome: 'rolled-back' });

    for (const { handle } of [rollout, rollback]) {
      const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as SavedHistory['history'];
      const payloads = payloadsIn(history, []);
      const clear = payloads.filter(({ payload }) => encodingOf(payload) !== 'binary/encrypted');

      expect(payloads.length - clear.length).toBeGreaterThan(5);
      for (const { at, payload } of clear) {
        const isEmpty = encodingOf(payload) === 'binary/null';
        expect(isEmpty || isReadableOnPurpose(at), at.join('.')).toBe(true);
      }
    }
  });

  test('its histories replay, whole and cut, and as clear text, too', { timeout: 60_000 }, async () => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated);
    await rollout.decide('approve');
    await rollout.result();
    const history = JSON.parse(historyToJSON(await rollout.handle.fetchHistory())) as SavedHistory['history'];
    const saved = { name: 'sealed/promoted', history };
    const bundle = await workflowBundle(
      path.join(tmpdir(), `holdfast-test-bundle-${process.getuid?.() ?? 0}`),
    );
    const dataConverter = createDataConverter({ payloadKeys: keys.file, namespace: house().namespace });

    expect(await replay(bundle, [saved, ...prefixesOf(saved)], dataConverter)).toEqual([]);

    const opened = (await openPayloads(history, codec())) as SavedHistory['history'];
    expect(await replay(bundle, [{ name: 'opened/promoted', history: opened }])).toEqual([]);
  });

  test('a rotation in the middle of a rollout goes unnoticed', { timeout: 60_000 }, async () => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated);
    await rollout.until('waiting-for-approval');
    const { sealWith } = await rotatePayloadKey(loadConfig({ HOLDFAST_PAYLOAD_KEYS: keys.file }));
    const history = async (): Promise<string> => JSON.stringify(await rollout.handle.fetchHistory());
    const label = Buffer.from(sealWith);
    await rollout.decide('approve');

    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    const seen = payloadsIn(JSON.parse(historyToJSON(await rollout.handle.fetchHistory())), []);
    const used = new Set(seen.map(({ payload }) => payload.metadata?.['encryption-key-id']));
    expect(used).toContain(label.toString('base64'));
    expect(used.size).toBeGreaterThan(2);
    expect(await history()).not.toContain('canary serves');
  });

  test('sealed garbage typed by anyone changes nothing and blocks nothing', { timeout: 60_000 }, async () => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', gated);
    await rollout.until('soaking');
    for (const signalName of ['approval', 'stuck', 'no-such-signal']) {
      for (const payload of await sealedGarbage()) {
        await house().connection.workflowService.signalWorkflowExecution({
          namespace: house().namespace,
          workflowExecution: { workflowId: rollout.handle.workflowId },
          signalName,
          input: { payloads: [payload] },
          requestId: ulid(),
        });
      }
    }
    for (const payload of await sealedGarbage()) {
      expect(await updateBytes(rollout, payload)).not.toBeNull();
    }

    await rollout.decide('approve');
    expect(await rollout.result()).toEqual({ outcome: 'promoted', reason: 'v2 serves everything' });
  });
});

/** Answers how the update was refused; null when it was not. */
async function updateBytes({ handle }: StartedRollout, payload: Payload): Promise<unknown> {
  const { namespace, connection } = house();
  const answer = (await connection.workflowService.updateWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: handle.workflowId },
    waitPolicy: { lifecycleStage: 3 },
    request: { meta: { updateId: ulid() }, input: { name: 'command', args: { payloads: [payload] } } },
  })) as { outcome?: { failure?: unknown } | null };
  return answer.outcome?.failure ?? null;
}

function codec() {
  return createPayloadCodec({ keyring: openKeyring(keys.file), namespace: house().namespace });
}

async function sealedGarbage(): Promise<Payload[]> {
  const good = defaultPayloadConverter.toPayload({ decisionId: ulid(), commandId: 'nonsense', note: 5 });
  const keyring = openKeyring(keys.file);
  const [ours] = await codec().encode([good]);
  const [others] = await createPayloadCodec({ keyring, namespace: 'elsewhere' }).encode([good]);
  const metadata = ours?.metadata ?? {};
  return [
    others ?? {},
    { metadata, data: Buffer.alloc(0) },
    { metadata, data: Buffer.alloc(64) },
    { metadata: { ...metadata, 'encryption-key-id': Buffer.from('key-of-nobody') }, data: ours?.data },
    { metadata: { encoding: metadata['encoding'] ?? Buffer.alloc(0) }, data: ours?.data },
    // Sealed as it should be, but what is in it is nonsense.
    ours ?? {},
  ];
}

interface Found {
  readonly at: readonly string[];
  readonly payload: JsonPayload;
}

function payloadsIn(value: unknown, at: readonly string[]): Found[] {
  if (typeof value !== 'object' || value === null) return [];
  const { metadata } = value as { metadata?: { encoding?: unknown } };
  if (typeof metadata?.encoding === 'string') return [{ at, payload: value }];
  return Object.entries(value).flatMap(([name, member]) => payloadsIn(member, [...at, name]));
}

/** Search attributes, memo, summaries, and what Temporal's core itself notes of a local activity: its name and its times. */
function isReadableOnPurpose(at: readonly string[]): boolean {
  return at.some((name) => ['searchAttributes', 'memo', 'userMetadata'].includes(name)) || isCoreNote(at);
}

function isCoreNote(at: readonly string[]): boolean {
  return at.includes('markerRecordedEventAttributes') && at.includes('data');
}

function encodingOf({ metadata }: JsonPayload): string {
  return Buffer.from(metadata?.['encoding'] ?? '', 'base64').toString();
}
