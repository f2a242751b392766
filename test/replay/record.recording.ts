import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ulid } from 'ulid';
import manifest from '../../package.json' with { type: 'json' };
import { insertCommand } from '../../db/command.ts';
import { ensureClustering } from '../../db/feedback-clustering/operation.ts';
import { receive } from '../../db/feedback/receive.ts';
import { setGroup } from '../../db/approval/group.ts';
import { deliveryOf, makeChannel, tell } from '../support/rollout-house/channels.ts';
import { houseForFile } from '../support/rollout-house/for-file.ts';
import {
  makeService,
  quickPlan,
  startRollback,
  startRollout,
  type StartedRollout,
} from '../support/rollout-house/people.ts';
import { wakeOptions } from '../../workflows/feedback-clustering/start-options.ts';
import { report } from '../feedback/reports.ts';
import { historiesFolder } from './histories.ts';

/** Records the histories of this version: `npm run record-histories`. Never again for a version that was released. */
const house = houseForFile();
const gated = {
  ...quickPlan,
  steps: [{ weight: 10, soak: '1s' }, { weight: 50, soak: '1s', gate: true }, { weight: 100 }],
};

test('promoted', { timeout: 60_000 }, async () => {
  const rollout = await startRollout(house(), await makeService(house()), 'v2', gated);
  await rollout.decide('approve');
  await save(rollout, 'promoted', 'promoted');
});

test('escalated', { timeout: 60_000 }, async () => {
  const gate = {
    groups: [{ group: 'sre', approvals: 1 }],
    escalation: [{ after: '1s', groups: ['managers'] }],
  };
  const plan = { ...quickPlan, steps: [{ weight: 10, soak: '1s', gate }, { weight: 100 }] };
  const managers = { project: 'default', name: 'managers', members: ['bob'], claim: null, by: 'ann' };
  await setGroup(house().db, managers);
  const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
  await rollout.until((state) => state.gate?.standIns?.includes('managers') === true);
  await rollout.handle.signal('approval', { decisionId: ulid() });
  await rollout.decide('approve');
  await save(rollout, 'escalated', 'promoted');
});

test('first release', { timeout: 60_000 }, async () => {
  const rollout = await startRollout(house(), await makeService(house(), { stable: null }), 'v1');
  await save(rollout, 'first-release', 'promoted');
});

test('rolled back', { timeout: 60_000 }, async () => {
  const service = await makeService(house());
  house().agent.behave(service, 'v2', { errorRate: 0.3 });
  await save(await startRollout(house(), service), 'rolled-back', 'rolled-back');
});

test('aborted', { timeout: 60_000 }, async () => {
  const rollout = await startRollout(house(), await makeService(house()), 'v2', gated);
  await rollout.until('waiting-for-approval');
  await rollout.command('abort', { reason: 'recorded' });
  await save(rollout, 'aborted', 'aborted');
});

test('paused, muted, held and promoted by hand', { timeout: 60_000 }, async () => {
  const plan = { ...quickPlan, steps: [{ weight: 10, soak: '10m' }, { weight: 100 }] };
  const rollout = await startRollout(house(), await makeService(house()), 'v2', plan);
  await rollout.until('soaking');
  await rollout.command('pause');
  await rollout.until('paused');
  await rollout.command('resume');
  await rollout.until('soaking');
  await rollout.command('mute', { metric: 'p99', reason: 'known', expiresIn: '10m' });
  await rollout.command('hold', { reason: 'looking' });
  await rollout.until('paused');
  await rollout.command('release-hold');
  await rollout.until('soaking');
  await rollout.command('promote');
  await save(rollout, 'steered', 'promoted');
});

test('rollback', { timeout: 60_000 }, async () => {
  const service = await makeService(house());
  await (await startRollout(house(), service)).result();
  const rollback = await startRollback(house(), service);
  if (rollback === null) throw new Error('the rollback was refused');
  await save(rollback, 'rollback', 'rolled-back');
});

test('reconciliation', { timeout: 60_000 }, async () => {
  await house().startReconciliation();
  const handle = house().client.workflow.getHandle('reconciliation');
  const isSweeping = async (): Promise<boolean> =>
    (await handle.describe()).raw.pendingActivities?.some(({ attempt }) => attempt === 1) ?? false;
  const rounds = async (): Promise<number> =>
    (await handle.fetchHistory()).events?.filter(
      (event) => event.activityTaskScheduledEventAttributes != null,
    ).length ?? 0;
  // A sweep ends early when its worker does; another worker begins the next.
  for (let round = 1; round <= 2; round += 1) {
    await expect.poll(rounds, { timeout: 20_000 }).toBe(round);
    await expect.poll(isSweeping, { timeout: 20_000 }).toBe(true);
    await delay(1000);
    await house().stopWorkers();
    await house().startWorkers();
  }
  await expect.poll(rounds, { timeout: 20_000 }).toBe(3);
  await write('reconciliation', historyToJSON(await handle.fetchHistory()));
});

test('notification', { timeout: 60_000 }, async () => {
  const channel = await makeChannel(house().db);
  await saveNotification(await told(channel, 'delivered'), 'notification');
  house().notifier.answer(channel, { kind: 'failed', status: 503, reason: 'closed', retryAfterMs: null });
  await saveNotification(await told(channel, 'gave-up'), 'notification-given-up');
});

test('feedback clustering', { timeout: 60_000 }, async () => {
  const { db, client } = house();
  const operationId = await ensureClustering(db, 'default', ulid);
  const { type, options } = wakeOptions({ operationId, project: 'default' }, 'operations');
  const wake = () => client.workflow.signalWithStart(type, options);
  const clusters = async () => {
    const rows = await db.selectFrom('feedback_item').select('cluster_id').orderBy('id').execute();
    return rows.map(({ cluster_id: id }) => id);
  };
  for (const title of ['The export fails', 'Dark mode please']) {
    const reports = [report({ externalId: title, title, body: '' })];
    await receive(db, { project: 'default', source: 'manual', deliveryId: ulid(), reports, newId: ulid });
  }
  const handle = await wake();
  await expect.poll(clusters, { timeout: 20_000 }).not.toContain(null);
  const [cluster = '', into = ''] = await clusters();
  const id = ulid();
  const asked = {
    id,
    operationId,
    project: 'default',
    target: 'clusters',
    capability: 'feedback-clustering',
  };
  const body = { cluster, into };
  await insertCommand(db, { ...asked, kind: 'merge', body, principal: 'ann', key: id, fingerprint: id });
  await handle.executeUpdate('command', { updateId: id, args: [{ commandId: id }] });
  await write('feedback-clustering', historyToJSON(await handle.fetchHistory()));
});

async function told(channel: string, state: string): Promise<string> {
  await house().startReconciliation();
  const id = await tell(house().db, channel);
  await expect.poll(async () => (await deliveryOf(house().db, id)).state, { timeout: 30_000 }).toBe(state);
  return id;
}

async function saveNotification(id: string, name: string): Promise<void> {
  const handle = house().client.workflow.getHandle(`notification/default/${id}`);
  await handle.result();
  await write(name, historyToJSON(await handle.fetchHistory()));
}

async function save(rollout: StartedRollout, name: string, outcome: string): Promise<void> {
  const result = await rollout.result();
  if (result.outcome !== outcome) throw new Error(`${name} ended as ${result.outcome}: ${result.reason}`);
  await write(name, historyToJSON(await rollout.handle.fetchHistory()));
}

async function write(name: string, history: string): Promise<void> {
  const folder = path.join(historiesFolder, manifest.version);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${name}.json`), `${history}\n`);
}
