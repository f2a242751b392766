import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emergencyStop, releaseEmergencyStop } from '../../db/emergency-stop.ts';
import type { DesiredServer } from '../../contracts/proxy.ts';
import { createMemoryTraffic } from '../../providers/traffic/memory.ts';
import type { Change, Split, Traffic, TrafficTarget } from '../../providers/traffic/traffic.ts';
import { buildHouse } from '../proxy-agent/house.ts';
import { startLoad } from '../proxy-agent/web.ts';

interface Fixture {
  readonly traffic: Traffic;
  /** Where v1 and v2 listen. */
  readonly addresses: Readonly<Record<'v1' | 'v2', string>>;
  stop(target: TrafficTarget, reason: string): Promise<void>;
  liftStop(target: TrafficTarget): Promise<void>;
  /** Requests for a backend until the answer is called. */
  load(backend: string): () => Promise<void>;
  /** Makes v2 unreachable for the length of a call. */
  withoutFollowing(split: Split, act: (split: Split) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const names = Array.from({ length: 16 }, (_, index) => `shop${index}`);
const balances = { fixed: 'static-rr', least: 'leastconn' };

const builders = { memory: buildMemory, 'haproxy with its agent': buildReal };

describe.each(Object.entries(builders))('traffic by %s', (_, build) => {
  let fixture: Fixture;
  let used = 0;
  const options = { timeoutMs: 10_000, signal: new AbortController().signal, onProgress: () => undefined };

  beforeAll(async () => {
    fixture = await build();
  });
  afterAll(() => fixture.close());

  /** A backend of its own for each test. */
  function nextTarget(): TrafficTarget {
    const backend = names[used++] ?? '';
    return { project: 'default', service: `service-${backend}`, proxy: 'local', backend };
  }

  function server(version: 'v1' | 'v2', weight: number): DesiredServer {
    const address = fixture.addresses[version];
    return { name: `${version}-0`, version, address, weight, healthPath: '/' };
  }

  function stableSplit(): Split {
    return { servers: [server('v1', 100)], stable: 'v1', canary: null, leaseMs: null };
  }

  function canarySplit(percent: number, leaseMs = 15_000): Split {
    const servers = [server('v1', 100 - percent), server('v2', percent)];
    return { servers, stable: 'v1', canary: 'v2', leaseMs };
  }

  async function acquired(
    owner = 'one',
  ): Promise<{ target: TrafficTarget; change: (more: Partial<Change>) => Change }> {
    const target = nextTarget();
    const { token } = await fixture.traffic.acquire(target, owner);
    return {
      target,
      change: (more) => ({ target, owner, token, changeId: 'first', split: canarySplit(10), ...more }),
    };
  }

  test('acquiring makes the owner, again changes nothing, and another one meets a conflict that names it', async () => {
    const target = nextTarget();

    const first = await fixture.traffic.acquire(target, 'one');
    const again = await fixture.traffic.acquire(target, 'one');

    expect(first.owner).toBe('one');
    expect(again.token).toBe(first.token);
    await expect(fixture.traffic.acquire(target, 'two')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('one') as string,
    });
  });

  test('a backend the proxy does not know is refused, with those it knows', async () => {
    const target = { ...nextTarget(), backend: 'nowhere' };

    await expect(fixture.traffic.acquire(target, 'one')).rejects.toMatchObject({
      code: 'invalid-target',
      message: expect.stringContaining('shop0') as string,
    });
  });

  test.each(Object.keys(balances))(
    'a backend that does not distribute by weight is refused: %s',
    async (backend) => {
      const target = { ...nextTarget(), backend };

      await expect(fixture.traffic.acquire(target, 'one')).rejects.toMatchObject({
        code: 'invalid-target',
        message: expect.stringContaining('roundrobin') as string,
      });
    },
  );

  test('tokens are dense, and the same change again is answered with the first result', async () => {
    const { change } = await acquired();

    const first = await fixture.traffic.setSplit(change({}));
    const again = await fixture.traffic.setSplit(change({}));
    const next = await fixture.traffic.setSplit(change({ changeId: 'second', token: first.token }));

    expect(first.token).toBe(change({}).token + 1);
    expect(again.token).toBe(first.token);
    expect(next.token).toBe(first.token + 1);
  });

  test('an older token and another owner are fenced', async () => {
    const { change, target } = await acquired();
    const { token } = await fixture.traffic.setSplit(change({}));

    await expect(fixture.traffic.setSplit(change({ changeId: 'late' }))).rejects.toMatchObject({
      code: 'fenced',
    });
    await expect(
      fixture.traffic.setSplit(change({ changeId: 'other', owner: 'two', token })),
    ).rejects.toMatchObject({ code: 'fenced' });
    await expect(fixture.traffic.renewLease(target, 'two', token, 1000)).rejects.toMatchObject({
      code: 'fenced',
    });
    expect((await fixture.traffic.read(target)).token).toBe(token);
  });

  test('of twenty changes decided on one token one wins', async () => {
    const { change } = await acquired();

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        fixture.traffic.setSplit(change({ changeId: `racer ${index}` })),
      ),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test.each([
    ['a canary without a lease', (): Split => canarySplit(10, 0)],
    ['a weight over 256', (): Split => canarySplit(300)],
    [
      'a server named twice',
      (): Split => ({ ...stableSplit(), servers: [server('v1', 1), server('v1', 1)] }),
    ],
    [
      'an address that is a name',
      (): Split => ({ ...stableSplit(), servers: [{ ...server('v1', 100), address: 'example:80' }] }),
    ],
  ])('%s is invalid', async (_, split) => {
    const target = { project: 'default', service: 'none', proxy: 'local', backend: 'none' };
    const change = { target, owner: 'one', token: 1, changeId: 'x', split: split() };

    await expect(fixture.traffic.setSplit(change)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('a lease that is renewed holds; one that is not takes the canary off and refuses everything but a restore', async () => {
    const leaseMs = 3000;
    const { change, target } = await acquired();
    const { token } = await fixture.traffic.setSplit(change({ split: canarySplit(10, leaseMs) }));

    for (let round = 0; round < 5; round++) {
      await sleep(1000);
      await fixture.traffic.renewLease(target, 'one', token, leaseMs);
    }
    const held = await fixture.traffic.read(target);
    await sleep(leaseMs + 2000);
    const lost = await fixture.traffic.read(target);

    expect(held).toMatchObject({ token, tripped: null });
    expect(lost.tripped?.cause).toBe('lease-lost');
    expect(lost.token).toBe(token + 1);
    expect(weightsOf(lost.split)).toEqual({ v1: 100, v2: 0 });
    await expect(fixture.traffic.renewLease(target, 'one', token, 1000)).rejects.toMatchObject({
      code: 'lease-lost',
    });
    await expect(
      fixture.traffic.setSplit(change({ changeId: 'more', token: lost.token })),
    ).rejects.toMatchObject({ code: 'lease-lost' });
    await expect(fixture.traffic.restore(target, 'one', 'back', stableSplit())).resolves.toMatchObject({
      token: lost.token + 1,
    });
  });

  test('a restore needs no token, is idempotent, and never raises anything but the stable version', async () => {
    const { change, target } = await acquired();
    const { token } = await fixture.traffic.setSplit(change({}));

    const first = await fixture.traffic.restore(target, 'one', 'back', { ...canarySplit(90), leaseMs: null });
    const again = await fixture.traffic.restore(target, 'one', 'back', stableSplit());
    const state = await fixture.traffic.read(target);

    expect(first.token).toBe(token + 1);
    expect(again.token).toBe(first.token);
    expect(state.split.canary).toBeNull();
    expect(weightsOf(state.split)).toEqual({ v1: 100, v2: 0 });
    await expect(fixture.traffic.restore(target, 'two', 'steal', stableSplit())).rejects.toMatchObject({
      code: 'fenced',
    });
  });

  test('an emergency stop takes the canary off and refuses all but a restore, until it is lifted', async () => {
    const { change, target } = await acquired();
    const { token } = await fixture.traffic.setSplit(change({}));

    await fixture.stop(target, 'the database is on fire');
    const held = await fixture.traffic.read(target);

    expect(held.stopped).toContain('the database is on fire');
    expect(held.token).toBeGreaterThan(token);
    expect(weightsOf(held.split)).toEqual({ v1: 100, v2: 0 });
    await expect(
      fixture.traffic.setSplit(change({ changeId: 'x', token: held.token })),
    ).rejects.toMatchObject({ code: 'stopped' });
    await expect(fixture.traffic.renewLease(target, 'one', held.token, 1000)).rejects.toMatchObject({
      code: 'stopped',
    });
    await fixture.traffic.restore(target, 'one', 'back', stableSplit());
    await fixture.traffic.release(target, 'one');
    await expect(fixture.traffic.acquire(target, 'two')).rejects.toMatchObject({ code: 'stopped' });
    await fixture.liftStop(target);
    await expect(fixture.traffic.acquire(target, 'two')).resolves.toMatchObject({
      owner: 'two',
      stopped: null,
    });
  });

  test('only the owner can give up; a canary is taken off with it, and then anybody may acquire', async () => {
    const { change, target } = await acquired();
    await fixture.traffic.setSplit(change({}));

    await fixture.traffic.release(target, 'two');
    expect((await fixture.traffic.read(target)).owner).toBe('one');
    await fixture.traffic.release(target, 'one');
    await fixture.traffic.release(target, 'one');
    const state = await fixture.traffic.read(target);

    expect(state.owner).toBeNull();
    expect(weightsOf(state.split)).toEqual({ v1: 100, v2: 0 });
    await expect(fixture.traffic.acquire(target, 'two')).resolves.toMatchObject({
      owner: 'two',
      tripped: null,
    });
  });

  test('a split that requests follow is verified with its share, and counted by version', async () => {
    const { change, target } = await acquired();
    const endLoad = fixture.load(target.backend);
    const before = Math.floor(Date.now() / 1000) - 1;
    const { token } = await fixture.traffic.setSplit(change({ split: canarySplit(25) }));

    const proof = await fixture.traffic.verify(target, token, options);
    await sleep(2500);
    await endLoad();
    const buckets = await fixture.traffic.buckets(target, before, Math.floor(Date.now() / 1000));

    expect(proof.token).toBe(token);
    expect(proof.sessions).toBeGreaterThanOrEqual(100);
    expect(proof.share.v2).toBeGreaterThan(10);
    expect(proof.share.v2).toBeLessThan(40);
    const seconds = buckets.map((bucket) => bucket.second);
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    const v2 = buckets.filter((bucket) => bucket.version === 'v2');
    expect(v2.reduce((sum, bucket) => sum + bucket.requests, 0)).toBeGreaterThan(10);
    expect(v2.reduce((sum, bucket) => sum + bucket.errors, 0)).toBe(0);
  });

  test('verifying a token that is not the current one is fenced', async () => {
    const { change, target } = await acquired();
    const { token } = await fixture.traffic.setSplit(change({}));
    await fixture.traffic.restore(target, 'one', 'back', stableSplit());

    await expect(fixture.traffic.verify(target, token, options)).rejects.toMatchObject({ code: 'fenced' });
  });

  test('a split that the proxy cannot follow is not verified, says why, and can be given up at once', async () => {
    const { change, target } = await acquired();
    const abort = new AbortController();

    await fixture.withoutFollowing(canarySplit(50), async (split) => {
      const { token } = await fixture.traffic.setSplit(change({ split }));
      const failing = fixture.traffic.verify(target, token, { ...options, timeoutMs: 3000 });
      const aborted = fixture.traffic.verify(target, token, { ...options, signal: abort.signal });
      abort.abort();

      await expect(aborted).rejects.toThrow(/abort/i);
      await expect(failing).rejects.toMatchObject({ code: 'not-verified' });
      await expect(failing).rejects.toThrow('v2');
    });
  });
});

function weightsOf(split: Split): Record<string, number> {
  return Object.fromEntries(split.servers.map(({ version, weight }) => [version, weight]));
}

function buildMemory(): Promise<Fixture> {
  const known = Object.fromEntries(names.map((name) => [name, 'roundrobin']));
  const traffic = createMemoryTraffic({ ...known, ...balances });
  return Promise.resolve({
    traffic,
    addresses: { v1: '127.0.0.1:1', v2: '127.0.0.1:2' },
    stop: (target: TrafficTarget, reason: string) => Promise.resolve(traffic.stop(target, reason)),
    liftStop: (target: TrafficTarget) => Promise.resolve(traffic.stop(target, null)),
    load: () => () => Promise.resolve(),
    async withoutFollowing(split: Split, act: (split: Split) => Promise<void>) {
      traffic.refuseToFollow('server v2-0 is down');
      await act(split);
      traffic.refuseToFollow(null);
    },
    close: () => Promise.resolve(),
  });
}

async function buildReal(): Promise<Fixture> {
  const others = Object.entries(balances).map(([name, balance]) => ({ name, balance }));
  const house = await buildHouse([...names, ...others]);
  return {
    traffic: house.traffic,
    addresses: { v1: house.v1.address, v2: house.v2.address },
    async stop({ project, service }, reason) {
      await emergencyStop(house.db, { project, service, reason, by: 'somebody' });
    },
    async liftStop({ project, service }) {
      await releaseEmergencyStop(house.db, { project, service, reason: 'it is out', by: 'somebody' });
    },
    load(backend) {
      const load = startLoad(house.proxy.frontends[backend] ?? '', 200);
      return () => load.stop();
    },
    // Port 1 of loopback answers nothing, so HAProxy's check finds the server down.
    withoutFollowing: (split, act) =>
      act({
        ...split,
        servers: split.servers.map((server) =>
          server.version === 'v2' ? { ...server, address: '127.0.0.1:1' } : server,
        ),
      }),
    close: () => house.close(),
  };
}
