import { describe, test } from 'vitest';
import { listAuditEntries } from '../../db/audit/entries.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../support/rollout-house/people.ts';
import { auditOf } from '../support/audit.ts';
import { verifyProject } from './support.ts';

const house = houseForFile();

describe.concurrent('what a rollout does is audited', { timeout: 60_000 }, () => {
  test('every effect, decision and outcome names its run, and workflows’ entries their activity', async ({
    expect,
  }) => {
    const service = await makeService(house());
    const plan = { ...quickPlan, steps: [{ weight: 50, soak: '1s', gate: true }, { weight: 100 }] };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.decide('approve');
    await rollout.result();

    const said = await auditOf(house().db, { operation: rollout.operationId });
    const actions = said.map(({ action }) => action);
    const { runId } = await rollout.handle.describe();
    const acted = said.filter(({ principal }) => principal === 'holdfast');

    expect(actions.filter((action) => action !== 'canary-rollout.approve')).toEqual([
      'canary-rollout.start',
      'release.run',
      'traffic.acquire',
      'traffic.set',
      'traffic.set',
      'traffic.set',
      'release.promote',
      'canary-rollout.closed',
    ]);
    expect(actions).toContain('canary-rollout.approve');
    for (const { by } of acted) {
      expect(by).toMatchObject({ run: runId, activity: expect.any(String), attempt: expect.any(Number) });
    }
    expect(said.at(-1)).toMatchObject({ detail: { outcome: 'promoted' } });
  });

  test('an activity that is repeated writes what it did once', async ({ expect }) => {
    const service = await makeService(house());
    const heal = house().failTraffic('verify', service, new Error('the proxy is silent'));
    const plan = { ...quickPlan, steps: [{ weight: 10, soak: '1s' }, { weight: 100 }] };
    const rollout = await startRollout(house(), service, 'v2', plan);
    await rollout.until('shifting');
    await expect.poll(async () => (await rollout.row()).stuck, { timeout: 30_000 }).not.toBeNull();
    heal();
    await rollout.result();

    const said = await auditOf(house().db, { operation: rollout.operationId });
    const changes = said
      .filter(({ action }) => action === 'traffic.set')
      .map(({ detail }) => detail['change']);

    expect(new Set(changes).size).toBe(changes.length);
  });

  test('the sweep seals what was written', async ({ expect }) => {
    await house().startReconciliation();
    const service = await makeService(house());
    const rollout = await startRollout(house(), service, 'v2', quickPlan);
    await rollout.result();

    const sealed = async (): Promise<string[]> => {
      const { db } = house();
      const entries = await listAuditEntries(db, 'default', {
        operation: rollout.operationId,
        before: null,
        limit: 50,
      });
      return entries.map(({ action }) => action);
    };
    await expect.poll(sealed, { timeout: 30_000 }).toContain('canary-rollout.closed');
    expect((await verifyProject(house().db, 'default')).fault).toBeNull();
  });
});
