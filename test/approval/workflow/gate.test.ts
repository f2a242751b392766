import { ulid } from 'ulid';
import { beforeAll, describe, test } from 'vitest';
import { breakGlass } from '../../../db/approval/break-glass.ts';
import { setGroup } from '../../../db/approval/group.ts';
import { houseForFile } from '../../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollout,
  type StartedRollout,
} from '../../support/rollout-house/people.ts';

const house = houseForFile();
beforeAll(async () => {
  for (const [name, member] of [
    ['sre', 'cyd'],
    ['managers', 'bob'],
  ] as const)
    await setGroup(house().db, { project: 'default', name, members: [member], claim: null, by: 'ann' });
});

const gate = {
  groups: [{ group: 'sre', approvals: 1 }],
  escalation: [{ after: '2s', groups: ['managers'] }],
};

function gated(asked: object | true) {
  return { ...quickPlan, lease: '1m', steps: [{ weight: 20, soak: '1s', gate: asked }, { weight: 100 }] };
}

async function atGate(asked: object | true): Promise<StartedRollout> {
  const rollout = await startRollout(house(), await makeService(house()), 'v2', gated(asked));
  await rollout.until('waiting-for-approval');
  return rollout;
}

async function detailsOf(rollout: StartedRollout): Promise<string> {
  const told = await rollout.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return told.currentDetails;
}

const eventTypes = async (rollout: StartedRollout): Promise<string[]> =>
  (await rollout.events()).map(({ type }) => type);

describe.concurrent('a gate of a running rollout', () => {
  test('is escalated: timeline and Temporal UI say who may approve as well', async ({ expect }) => {
    const rollout = await atGate(gate);
    expect(await detailsOf(rollout)).toContain('Approvals missing: 1 of sre');
    await expect.poll(() => eventTypes(rollout)).toContain('gate.escalated');
    expect(await detailsOf(rollout)).toContain('escalated: managers may approve as well');
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    expect((await eventTypes(rollout)).filter((type) => type === 'gate.escalated')).toHaveLength(1);
  });

  test('is approved by its group before anybody else is asked', async ({ expect }) => {
    const rollout = await atGate({ ...gate, escalation: [{ after: '30m', groups: ['managers'] }] });
    const { gate: shown } = await rollout.state();
    const id = await rollout.recordDecision('approve', shown?.subject ?? '', 'cyd');
    await rollout.handle.signal('approval', { decisionId: id });
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    expect(await eventTypes(rollout)).not.toContain('gate.escalated');
  });

  test('is passed by breaking the glass, and says so everywhere', async ({ expect }) => {
    const rollout = await atGate(gate);
    const shown = (await rollout.state()).gate;
    const id = ulid();
    const refusal = await breakGlass(house().db, {
      ...{ id, project: 'default', gateId: shown?.id ?? '', subject: shown?.subject ?? '' },
      ...{ principal: 'ada', reason: 'the shop is down', key: ulid(), fingerprint: 'f' },
    });
    expect(refusal).toBeNull();
    await rollout.handle.signal('approval', { decisionId: id });
    expect(await rollout.result()).toMatchObject({ outcome: 'promoted' });
    expect(await rollout.state()).toMatchObject({ glassBrokenBy: 'ada' });
    expect(await detailsOf(rollout)).toContain('**GLASS BROKEN** by ada');
    expect(await eventTypes(rollout)).toEqual(expect.arrayContaining(['glass.broken', 'gate.broken']));
  });

  test('does not let through what was changed after it was shown, approved or not', async ({ expect }) => {
    const rollout = await atGate(true);
    await house()
      .db.updateTable('release')
      .set({ start: JSON.stringify({ runtime: 'process', command: ['another'] }) })
      .where('service', '=', rollout.service)
      .where('version', '=', 'v2')
      .execute();
    await rollout.decide('approve');
    expect(await rollout.result()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('no recorded approval'),
    });
  });
});
