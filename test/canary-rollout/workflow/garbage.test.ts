import { defaultPayloadConverter } from '@temporalio/common';
import { ulid } from 'ulid';
import { describe, test, type ExpectStatic } from 'vitest';
import type { RolloutHouse } from '../../support/rollout-house.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollout,
  type StartedRollout,
} from '../../support/rollout-house/people.ts';

const house = houseForFile();
const plan = {
  ...quickPlan,
  steps: [
    { weight: 10, soak: '6s' },
    { weight: 50, soak: '1s', gate: true },
  ],
};

const garbage: readonly (readonly unknown[])[] = [
  [],
  [null],
  [undefined],
  [5],
  ['approve'],
  [{}],
  [{ commandId: null, decisionId: null, note: 5 }],
  [{ commandId: 'nonsense', decisionId: 'nonsense', note: { deep: true } }],
  [{ commandId: { id: ulid() }, decisionId: { id: ulid() }, note: ['x'] }],
  [deep(2000)],
  [[[[]]], 'more', 'than', 'one'],
  [{ commandId: 'x'.repeat(50_000), decisionId: 'x'.repeat(50_000), note: 'x'.repeat(50_000) }],
];

function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level += 1) value = { commandId: value };
  return value;
}

describe.concurrent('whatever is typed into the Temporal UI', () => {
  test('as an update is refused, changes nothing and blocks nothing', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    const before = await rollout.until('soaking');
    for (const args of garbage) {
      await expect(rollout.handle.executeUpdate('command', { args: args as never })).rejects.toThrow();
    }
    const unknownCommand = { args: [{ commandId: ulid() }] as never };
    expect(await rollout.handle.executeUpdate('command', unknownCommand)).toEqual({
      state: 'refused',
      answer: 'no such command was recorded for this operation',
    });
    await expect(rollout.handle.executeUpdate('no-such-update', { args: [null] as never })).rejects.toThrow();
    expect(await rollout.state()).toMatchObject({
      revision: before.revision,
      step: 0,
      hold: null,
      muted: [],
    });
    await finish(expect, rollout);
  });

  test('as a signal changes nothing and blocks nothing', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    const before = await rollout.until('soaking');
    for (const name of ['approval', 'stuck', 'no-such-signal', '__temporal_unknown']) {
      for (const args of garbage) await rollout.handle.signal(name, ...args);
    }
    expect(await rollout.state()).toMatchObject({
      revision: before.revision,
      step: 0,
      hold: null,
      gate: null,
    });
    await finish(expect, rollout);
  });

  test('as bytes that are no JSON changes nothing and blocks nothing', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    await rollout.until('soaking');
    for (const name of ['approval', 'stuck', 'no-such-signal']) await signalBytes(house(), rollout, name);
    await finish(expect, rollout);
  });

  test('as the result of a step that runs is not believed: the step is done again', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    await rollout.until('soaking');
    // Always one payload, as the UI and the command line send it: any other number is refused by Temporal's own core.
    for (const result of garbage.filter((args) => args.length === 1).slice(0, 7)) {
      const activityId = await watchedBy(rollout);
      await house().connection.workflowService.respondActivityTaskCompletedById({
        namespace: house().namespace,
        workflowId: rollout.handle.workflowId,
        activityId,
        result: { payloads: result.map((value) => defaultPayloadConverter.toPayload(value)) },
      });
      await expect.poll(() => watchedBy(rollout)).not.toBe(activityId);
    }
    expect(await rollout.state()).toMatchObject({ phase: 'soaking', step: 0, weight: 10 });
    await finish(expect, rollout);
  });

  test('as a query has no effect', async ({ expect }) => {
    const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
    const before = await rollout.until('soaking');
    for (const args of garbage) {
      expect(await rollout.handle.query('state', ...args)).toMatchObject({ revision: before.revision });
    }
    await expect(rollout.handle.query('no-such-query', null)).rejects.toThrow();
    await finish(expect, rollout);
  });
});

async function finish(expect: ExpectStatic, rollout: StartedRollout): Promise<void> {
  await rollout.decide('approve');
  expect(await rollout.result()).toEqual({ outcome: 'promoted', reason: 'v2 serves everything' });
}

/** The id of the watch that runs; waits until there is one. */
async function watchedBy(rollout: StartedRollout): Promise<string> {
  for (;;) {
    const { raw } = await rollout.handle.describe();
    const watch = raw.pendingActivities?.find((activity) => activity.activityType?.name === 'watchRollout');
    if (watch?.activityId) return watch.activityId;
  }
}

/** Payloads as a command line with its own encoding may send them: broken JSON, an unknown encoding, none at all. */
async function signalBytes(
  { connection, namespace }: RolloutHouse,
  rollout: StartedRollout,
  signalName: string,
): Promise<void> {
  const text = (value: string): Uint8Array => Buffer.from(value);
  const good = defaultPayloadConverter.toPayload({ decisionId: ulid() });
  const payloads = [
    { metadata: { encoding: text('json/plain') }, data: text('{"decisionId": nonsense') },
    { metadata: { encoding: text('binary/unheard-of') }, data: text('x') },
    { metadata: {}, data: text('x') },
    { metadata: good.metadata, data: text('') },
  ];
  for (const payload of payloads) {
    await connection.workflowService.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: rollout.handle.workflowId },
      signalName,
      input: { payloads: [payload] },
      requestId: ulid(),
    });
  }
}
