import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { audit } from '../../db/audit.ts';
import { actAs } from '../../db/audit/acting.ts';
import { keyOfPerson } from '../support/access.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import { makeService, quickPlan, startRollout } from '../support/rollout-house/people.ts';

const house = houseForFile();

test('history and audit of a rollout tell the same; what one side lacks is named', async () => {
  const { db, client } = house();
  const notifications = { on: () => () => undefined, close: () => Promise.resolve() };
  const app = await buildApp({ db, notifications, temporal: () => client, taskQueue: 'operations' });
  const service = await makeService(house());
  const { operationId, result, handle } = await startRollout(house(), service, 'v2', quickPlan);
  await result();
  const key = await keyOfPerson(db, 'ada');
  const url = `/v1/projects/default/operations/${operationId}/audit/reconciliation`;
  const look = async () => (await app.inject({ url, headers: { authorization: `Bearer ${key}` } })).json();

  const before = await look();
  const { runId } = await handle.describe();
  const forged = { workflow: handle.workflowId, run: runId, activity: 'none', attempt: 1 };
  const said = { project: 'default', principal: 'holdfast', action: 'release.promote', subject: service };
  await actAs(forged, () => audit(db, { ...said, operationId, detail: {} }));
  await actAs({ ...forged, run: 'no run' }, () => audit(db, { ...said, operationId, detail: {} }));
  await actAs({ ...forged, run: randomUUID() }, () => audit(db, { ...said, operationId, detail: {} }));
  const after = await look();

  expect(before).toMatchObject({ operation: operationId, runs: [runId], differences: [] });
  expect(before.entries).toBeGreaterThan(4);
  const named = after.differences.map((one: { side: string; what: string }) => `${one.side}: ${one.what}`);
  expect(named).toEqual(Array.from({ length: 3 }, () => 'audit-without-history: release.promote'));
  expect(after.differences.map((one: { run: string }) => one.run)).toContain('no run');
  await app.close();
});
