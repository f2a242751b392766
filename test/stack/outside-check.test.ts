import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { ulid } from 'ulid';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { connectUnwalled } from '../../db/connect.ts';
import { announce } from '../../infra/doctor/announce.ts';
import { look } from '../../infra/doctor/outside-check.ts';
import { staleRollouts } from '../../infra/doctor/stale-rollouts.ts';
import { testDatabase } from '../support/postgres.ts';

const database = await testDatabase();
const db = connectUnwalled(database.url, { max: 2 });
const home = await mkdtemp(join(tmpdir(), 'holdfast-watch-'));
afterAll(async () => {
  await db.destroy();
  await database.close();
  await rm(home, { recursive: true });
});

beforeEach(async () => {
  await sql`truncate project cascade`.execute(db);
  await sql`insert into project (id) values ('default')`.execute(db);
});

describe('a rollout that nobody judges', () => {
  test.each(['soaking', 'waiting-for-approval', 'paused', 'holding'])('is found while %s', async (phase) => {
    const id = await rollout({ phase, judgedSecondsAgo: 90 });

    expect(await staleRollouts(db, 60_000)).toEqual([{ id, project: 'default', service: 'shop' }]);
  });

  test.each([
    ['was judged just now', { phase: 'soaking', judgedSecondsAgo: 5 }],
    ['is not watched yet', { phase: 'health-check', judgedSecondsAgo: 90 }],
    ['is over', { phase: 'soaking', judgedSecondsAgo: 90, status: 'closed' }],
  ])('is not one that %s', async (_why, planted) => {
    await rollout(planted);

    expect(await staleRollouts(db, 60_000)).toEqual([]);
  });

  test('is not one whose step has just begun', async () => {
    const id = await rollout({ phase: 'soaking', judgedSecondsAgo: 90 });
    await sql`insert into operation_event (operation_id, seq, type, summary, detail)
      values (${id}, 1, 'step.verified', 'applied', '{}')`.execute(db);

    expect(await staleRollouts(db, 60_000)).toEqual([]);
  });
});

test('the check names queues without workers and unjudged rollouts', async () => {
  await rollout({ phase: 'soaking', judgedSecondsAgo: 90 });
  const { address } = inject('temporal');
  const env = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default', DATABASE_URL: database.url };

  const verdict = await look(loadConfig({ ...env, HOLDFAST_HOME: home }), { staleMs: 60_000 });

  expect(verdict.ok).toBe(false);
  expect(verdict.problems.filter((problem) => problem.includes('no worker polls'))).toHaveLength(5);
  expect(verdict.problems.some((problem) => problem.includes('shop'))).toBe(true);
});

test('the check says so when there is nothing to ask', async () => {
  const verdict = await look(loadConfig({ HOLDFAST_HOME: join(home, 'empty') }), { staleMs: 60_000 });

  expect(verdict.problems).toHaveLength(2);
});

test('the webhook hears each change once, and again when it did not take it', async () => {
  const heard: unknown[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      if (status === 200) heard.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const bad = { ok: false, problems: ['no worker polls'] };
  const good = { ok: true, problems: [] };
  const tell = (verdict: typeof bad) => announce(verdict, { home, webhook, note: () => undefined });

  await tell(good);
  await tell(bad);
  status = 200;
  for (const verdict of [bad, bad, good, good]) await tell(verdict);

  expect(heard).toMatchObject([bad, good]);
  server.closeAllConnections();
  server.close();
});

async function rollout(planted: {
  phase: string;
  judgedSecondsAgo: number;
  status?: string;
}): Promise<string> {
  const id = ulid();
  const { phase, judgedSecondsAgo, status = 'running' } = planted;
  await sql`insert into service (project, name, spec) values ('default', 'shop', '{}') on conflict do nothing`.execute(
    db,
  );
  await sql`insert into operation (id, project, kind, target, status, phase, summary, started_by, workflow_id, created_at)
    values (${id}, 'default', 'canary-rollout', 'shop', ${status}, ${phase}, '', 'test', ${id}, now() - interval '1 hour')`.execute(
    db,
  );
  await sql`insert into canary_rollout (operation_id, project, service, version, mode, plan, state, judged_at)
    values (${id}, 'default', 'shop', 'v2', 'rollout', '{}', ${JSON.stringify({ phase })},
      now() - ${judgedSecondsAgo} * interval '1 second')`.execute(db);
  return id;
}
