import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdfast, type Run } from '../../cli/support.ts';
import type { Fleet } from '../../support/fleet-house/fleet.ts';
import { quickConfigPlan } from '../../support/fleet-house/rollouts.ts';
import { rolloutsHouse, type RolloutsHouse } from './rollouts-house.ts';

let house: RolloutsHouse;
let quick: string;
let slow: string;
let gated: string;
beforeAll(async () => {
  house = await rolloutsHouse();
  quick = await house.plan('quick.yml', { waves: [], rest: { bake: '0' } });
  slow = await house.plan('slow.yml', { ...quickConfigPlan, waves: [{ regions: ['eu'], bake: '10m' }] });
  gated = await house.plan('gated.yml', { waves: [], rest: { bake: '0', approval: true } });
});
afterAll(() => house.close());

/** A fleet on which a first revision is live. */
async function live(): Promise<{ fleet: Fleet; env: string; first: string }> {
  const fleet = await house.fleet();
  const env = fleet.environment;
  const path = await house.shop(env, 10);
  const applied = await apply(env, path, quick, '--wait', '--json');
  expect(applied).toMatchObject({ code: 0 });
  return { fleet, env, first: applied.json().revision };
}

function apply(env: string, path: string, plan: string, ...more: string[]): Promise<Run> {
  return house.config('apply', '--env', env, '--file', path, '--plan', plan, '--reason', 'x', ...more);
}

/** Waits until the newest rollout is in a phase; answers it. */
async function phase(env: string, wanted: string): Promise<{ id: string; state: { revision: number } }> {
  let seen: Run | null = null;
  await expect
    .poll(async () => (seen = await house.config('status', '--env', env, '--json')).json().state.phase, {
      timeout: 30_000,
    })
    .toBe(wanted);
  return (seen as unknown as Run).json();
}

test('a file is put and rolled out; a refused one goes back by itself; a rollback brings the first one back', async () => {
  const { fleet, env, first } = await live();
  await house.shop(env, 20);
  const second = await apply(env, await house.shop(env, 20), quick, '--wait');
  const status = await house.config('status', '--env', env);
  const history = await house.config('history', '--env', env);
  fleet.behave(fleet.proxies[0] ?? '', 'refuse');
  const refused = await apply(env, await house.shop(env, 30), quick, '--wait');
  const list = await house.config('rollouts', '--env', env, '--json');
  fleet.behave(fleet.proxies[0] ?? '', 'prove');
  for (const proxy of fleet.proxies) fleet.behave(proxy, 'slow');
  const started = (await house.config('rollback', '--env', env, '--reason', 'slow', '--json')).json();
  const aborted = await house.config('abort', started.id, '--reason', 'not today');
  for (const proxy of fleet.proxies) fleet.behave(proxy, 'prove');
  const watchedBack = await house.config('watch', started.id);
  const back = await house.config('status', started.id, '--json');
  const drift = await house.config('drift', '--env', env);
  const watched = await holdfast(house.url, house.keys.ada, ['runs', 'watch', back.json().id]);

  expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining('is the head of') });
  expect(second.stdout).toMatch(/status +closed: completed/);
  expect(status.stdout).toMatch(/proxies +3 of 3 proven/);
  expect(history.stdout).toMatch(/head live/);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(/status +closed: rolled-back/);
  expect(list.json().map(({ state }: { state: { outcome: string } }) => state.outcome)).toEqual([
    'rolled-back',
    'completed',
    'completed',
  ]);
  expect(aborted).toMatchObject({ code: 5, stderr: expect.stringContaining('is not called off') });
  expect(watchedBack).toMatchObject({ code: 0 });
  expect(back.json()).toMatchObject({ kind: 'rollback', revision: first, state: { outcome: 'completed' } });
  expect(drift).toMatchObject({ code: 0 });
  expect(watched).toMatchObject({ code: 0 });
}, 120_000);

test('whom a wave waits for is named while it waits', async () => {
  const { fleet, env } = await live();
  const [eu = '', silent = '', slow = ''] = fleet.proxies;
  const patient = await house.plan('patient.yml', { waves: [], partition: { after: '3s' } });
  fleet.behave(silent, 'silent');
  fleet.behave(slow, 'slow');
  const { id } = (await apply(env, await house.shop(env, 20), patient, '--json')).json();
  const counts = async () => (await house.config('status', id, '--json')).json().state.counts;
  await expect
    .poll(counts, { timeout: 30_000 })
    .toEqual({ proxies: 3, proven: 1, pending: 1, failed: 0, silent: 1 });
  const status = await house.config('status', id);
  fleet.behave(silent, 'prove');
  fleet.behave(slow, 'prove');
  await phase(env, 'baking');
  const baking = await house.config('status', id);

  expect(status.stdout).toMatch(/proxies +1 of 3 proven, 1 pending, 0 failed, 1 silent/);
  expect(status.stdout).toMatch(new RegExp(`not proven +${silent} silent: heard of 20`));
  expect(status.stdout).toMatch(new RegExp(`${slow} pending: heard of 20`));
  expect(status.stdout).not.toContain(eu);
  expect(baking.stdout).toMatch(/proxies +3 of 3 proven/);
  expect(baking.stdout).not.toContain('not proven');
}, 60_000);

test('one that runs is watched, paused, resumed, hurried and aborted; a wait that ends early goes on', async () => {
  const { env } = await live();
  const started = await apply(env, await house.shop(env, 20), slow, '--json');
  const { id } = started.json();
  const { state } = await phase(env, 'baking');

  const late = await house.config('watch', '--env', env, '--timeout', '200ms');
  const interrupted = await holdfast(house.url, house.keys.ada, ['config', 'watch', id], 200);
  const second = await house.config('apply', '--env', env);
  const paused = await house.config('pause', '--env', env, '--json');
  const stale = await house.config('resume', id, '--state', String(state.revision));
  const resumed = await house.config('resume', id);
  const mute = await house.config('abort', id);
  const status = await house.config('status', id);
  const waiting = house.config('watch', id);
  const aborted = await house.config('abort', '--env', env, '--reason', 'not today');
  const watched = await waiting;
  const again = await house.config('abort', '--env', env, '--reason', 'not today');
  const gone = await house.config('pause', id);

  expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining(`holdfast config watch ${id}`) });
  expect(late).toMatchObject({ code: 6 });
  expect(interrupted).toMatchObject({ code: 130 });
  for (const { stderr } of [late, interrupted]) expect(stderr).toContain(`holdfast config watch ${id}`);
  expect(second).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining(id) });
  expect(paused.json()).toMatchObject({ kind: 'pause', state: 'accepted' });
  expect(stale).toMatchObject({ code: 5, stderr: expect.stringContaining('refused') });
  expect(resumed).toMatchObject({ code: 0 });
  expect(mute).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
  expect(status.stdout).toMatch(/wave +1 of 2: \[in eu: 1\], everybody else: 2/);
  expect(aborted).toMatchObject({ code: 0 });
  expect(watched).toMatchObject({ code: 1, stderr: expect.stringContaining('aborted: ') });
  expect([again.code, gone.code]).toEqual([5, 5]);
  expect(gone.stderr).toContain('is over (aborted)');
}, 120_000);

test('a wave waits for somebody else: approved it completes, rejected it exits with 7', async () => {
  const { env } = await live();
  const bob = (...argv: string[]) => holdfast(house.url, house.keys.bob, ['config', ...argv, '--env', env]);

  const first = apply(env, await house.shop(env, 20), gated, '--wait');
  const { id } = await phase(env, 'waiting-for-approval');
  const own = await house.config('approve', '--env', env);
  const other = await bob('approve', '--subject', 'something-else');
  const shown = await house.config('status', id);
  const approved = await bob('approve', '--reason', 'fine');
  const completed = await first;
  const nothing = await bob('approve');
  const second = apply(env, await house.shop(env, 30), gated, '--wait', '--json');
  await phase(env, 'waiting-for-approval');
  const rejected = await bob('reject', '--reason', 'no', '--json');
  const ended = await second;

  expect(own).toMatchObject({ code: 3, stderr: expect.stringContaining('somebody else') });
  expect(other).toMatchObject({ code: 5 });
  expect(shown.stdout).toContain(`next: holdfast config approve ${id}`);
  expect(approved).toMatchObject({ code: 0, stdout: expect.stringContaining('approved by bob') });
  expect(completed).toMatchObject({ code: 0, stderr: expect.stringContaining('config approve') });
  expect(nothing).toMatchObject({ code: 5 });
  expect(rejected.json()).toMatchObject({ decision: 'reject', by: 'bob' });
  expect(ended).toMatchObject({ code: 7 });
  expect(ended.json()).toMatchObject({ state: { outcome: 'rejected' } });
}, 120_000);

test('a skipped bake goes on, a newer rollout takes the place of a running one, a freeze holds until it is ignored', async () => {
  const { env } = await live();
  const freeze = await house.plan('freeze.yml', {
    freezes: [{ since: '2020-01-01T00:00:00Z', until: '2199-01-01T00:00:00Z', reason: 'always' }],
  } as object);
  await apply(env, await house.shop(env, 20), slow);
  await phase(env, 'baking');
  const newer = await apply(env, await house.shop(env, 30), slow, '--supersede', '--json');
  await phase(env, 'baking');
  const skipped = await house.config('skip-bake', '--env', env);
  const watched = await house.config('watch', '--env', env, '--json');

  await house.config('env', 'set', freeze, '--env', env);
  const path = await house.shop(env, 40);
  await apply(env, path, quick);
  const { id } = await phase(env, 'waiting-for-window');
  const ignoring = await apply(env, path, quick, '--supersede', '--ignore-freeze', '--wait');
  const old = await house.config('status', id, '--json');

  expect(newer).toMatchObject({ code: 0 });
  expect(skipped).toMatchObject({ code: 0, stdout: expect.stringContaining('skip-bake') });
  expect(watched).toMatchObject({ code: 0 });
  expect(
    watched.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq)[0],
  ).toBe(1);
  expect(ignoring).toMatchObject({ code: 0 });
  expect(old.json()).toMatchObject({ state: { outcome: 'superseded' } });
}, 120_000);
