import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DesiredServer } from '../../contracts/proxy.ts';
import { createCounters } from '../../proxy-agent/counters.ts';
import { acceptDesired } from '../../proxy-agent/desired.ts';
import { effectiveServers, type BackendState, type KeptTrip } from '../../proxy-agent/effective.ts';
import { planCommands } from '../../proxy-agent/plan.ts';
import { createSampleBuffer } from '../../proxy-agent/sample-buffer.ts';
import type { ServerRow, Snapshot } from '../../proxy-agent/snapshot.ts';
import { parseStat } from '../../proxy-agent/stat.ts';

const stop = { reason: 'smoke', by: 'ann', at: '2026-01-01T00:00:00.000Z' };
const trip: KeptTrip = {
  backend: 'shop',
  token: 7,
  cause: 'lease-lost',
  at: stop.at,
  reason: 'gone',
  acknowledged: false,
};

function server(name: string, weight: number, port = 1): DesiredServer {
  return { name, version: name.replace(/-\d+$/, ''), address: `127.0.0.1:${port}`, weight, healthPath: '/' };
}

function row(name: string, weight: number, more: Partial<ServerRow> = {}): ServerRow {
  const counted = { sessions: 0, requests: 0, errors: 0 };
  const state = { up: true, maintenance: false, backup: false };
  return { backend: 'shop', name, address: '127.0.0.1:1', weight, ...state, ...counted, ...more };
}

function state(more: Partial<BackendState['desired']> = {}, kept: KeptTrip | null = null): BackendState {
  const servers = [server('v1-0', 90), server('v2-0', 10)];
  const desired = { backend: 'shop', token: 7, servers, stable: 'v1', canary: 'v2', ...more };
  return { desired, trip: kept, managed: true, leaseUntil: null };
}

describe('what may be applied', () => {
  const facts = { stop: null, leaseLeftMs: 5000 };

  test.each([
    ['the desired weights while the lease holds', state(), facts, [90, 10], null],
    [
      'safe weights once the lease is gone, and that is told',
      state(),
      { ...facts, leaseLeftMs: 0 },
      [100, 0],
      'lease-lost',
    ],
    ['safe weights when no lease is known', state(), { ...facts, leaseLeftMs: null }, [100, 0], 'lease-lost'],
    [
      'safe weights under a local stop, and that is told',
      state(),
      { ...facts, stop },
      [100, 0],
      'local-stop',
    ],
    ['safe weights after a trip at the token, told once', state({}, trip), facts, [100, 0], null],
    [
      'safe weights after a trip that nobody acknowledged, at any token',
      state({ token: 9 }, trip),
      facts,
      [100, 0],
      null,
    ],
    [
      'the desired weights of a newer token once the trip is acknowledged',
      state({ token: 9 }, { ...trip, acknowledged: true }),
      facts,
      [90, 10],
      null,
    ],
    [
      'the desired weights without a canary, lease or not',
      state({ canary: null }),
      { ...facts, leaseLeftMs: null },
      [90, 10],
      null,
    ],
  ])('%s', (_, given, now, weights, cause) => {
    const effective = effectiveServers(given, now);

    expect(effective.servers.map(({ weight }) => weight)).toEqual(weights);
    expect(effective.trip?.cause ?? null).toBe(cause);
  });
});

describe('what is accepted', () => {
  const offered = { ...state().desired, leaseMs: 1000 };

  test.each([
    ['an older token is refused', state({ token: 8 }), null, 'refused'],
    ['the same token is known', state(), null, 'known'],
    ['a newer one is new', state({ token: 6 }), null, 'new'],
    ['the first one is new', undefined, null, 'new'],
    [
      'another stable version is refused under a local stop',
      state({ token: 6, stable: 'v0' }),
      stop,
      'refused',
    ],
    ['the same stable version is new under a local stop', state({ token: 6 }), stop, 'new'],
  ])('%s', (_, kept, local, kind) => {
    expect(acceptDesired(kept, offered, local, 0).kind).toBe(kind);
  });
});

describe('the order of commands', () => {
  const lines = (wanted: DesiredServer[], actual: ServerRow[]): string[] =>
    planCommands('shop', wanted, actual).map(({ line }) => line);

  test('a split that is there needs none', () => {
    expect(lines([server('v1-0', 100)], [row('v1-0', 100)])).toEqual([]);
  });

  test('an abort takes the canary off with its first command', () => {
    const actual = [row('v1-0', 50), row('v2-0', 50)];

    expect(lines([server('v1-0', 100), server('v2-0', 0)], actual)).toEqual([
      'set server shop/v2-0 weight 0',
      'set server shop/v1-0 weight 100',
    ]);
  });

  test('a server that takes everything over is there before the other one loses it', () => {
    expect(lines([server('v2-0', 100)], [row('v1-0', 100)])).toEqual([
      'add server shop/v2-0 127.0.0.1:1 weight 0 check inter 500ms',
      'enable health shop/v2-0',
      'set server shop/v2-0 state ready',
      'set server shop/v2-0 weight 100',
      'set server shop/v1-0 weight 0',
      'set server shop/v1-0 state maint',
      'del server shop/v1-0',
    ]);
  });

  test('a backup of the operator is left alone', () => {
    expect(lines([server('v1-0', 100)], [row('v1-0', 100), row('sorry', 1, { backup: true })])).toEqual([]);
  });

  test('in every order that keeps a server served, lowering comes before raising, and no weight is set twice', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 256 }), { minLength: 1, maxLength: 130 });
    fc.assert(
      fc.property(weights, weights, (wantedWeights, actualWeights) => {
        const wanted = wantedWeights.map((weight, index) => server(`v1-${index}`, weight));
        const actual = actualWeights.map((weight, index) => row(`v1-${index}`, weight));
        const commands = planCommands('shop', wanted, actual);
        const raising = commands.findIndex(({ raises }) => raises);
        const isServed = wantedWeights.some((weight, index) => weight > 0 && (actualWeights[index] ?? 0) > 0);
        const lowering = commands.findLastIndex(
          ({ line, raises }) => !raises && /set server \S+ weight/.test(line),
        );
        const targets = commands
          .filter(({ line }) => / weight \d+$/.test(line))
          .map(({ line }) => line.split(' ')[2]);

        expect(new Set(targets).size).toBe(targets.length);
        if (isServed && raising >= 0 && lowering >= 0) expect(lowering).toBeLessThan(raising);
      }),
    );
  });
});

describe('counters', () => {
  const snapshot = (pid: number, requests: number): Snapshot => ({
    version: '2.6',
    pid,
    backends: [],
    servers: [row('v1-0', 100, { sessions: requests, requests, errors: 0 })],
  });
  const take = (steps: readonly (readonly [number, number, number])[]): (number | undefined)[] => {
    const counters = createCounters();
    return steps.map(([second, pid, requests]) => {
      const [sample] = counters.take(second, snapshot(pid, requests), () => 'v1');
      return sample?.requests;
    });
  };

  test.each([
    [
      'differences',
      [
        [1, 9, 100],
        [2, 9, 150],
        [3, 9, 150],
      ],
      [undefined, 50, 0],
    ],
    [
      'a new worker starts a new baseline',
      [
        [1, 9, 100],
        [2, 10, 40],
        [3, 10, 90],
      ],
      [undefined, undefined, 50],
    ],
    [
      'a counter that falls starts a new baseline',
      [
        [1, 9, 100],
        [2, 9, 40],
        [3, 9, 90],
      ],
      [undefined, undefined, 50],
    ],
    [
      'a long gap is no burst',
      [
        [1, 9, 100],
        [9, 9, 9000],
        [10, 9, 9050],
      ],
      [undefined, undefined, 50],
    ],
  ] as const)('%s', (_, steps, expected) => {
    expect(take(steps)).toEqual(expected);
  });

  test('a server that was added meanwhile has counted from 0', () => {
    const counters = createCounters();
    counters.take(1, { ...snapshot(9, 5), servers: [] }, () => 'v1');

    expect(counters.take(2, snapshot(9, 5), () => 'v1')[0]?.requests).toBe(5);
  });
});

test('samples that wait too long are counted when they are let go, never lost in silence', () => {
  const buffer = createSampleBuffer();
  const sample = {
    backend: 'shop',
    server: 'v1-0',
    version: 'v1',
    sessions: 1,
    requests: 1,
    errors: 0,
    up: true,
    latency: {},
  };
  for (let second = 1; second <= 700; second++) buffer.add([{ ...sample, second }]);

  expect(buffer.size).toBe(601);
  expect(buffer.dropped).toBe(99);
  const first = buffer.next();
  expect(first[0]?.second).toBe(100);
  buffer.delivered(first);
  expect(buffer.size).toBe(601 - first.length);
  buffer.letGo(buffer.next().slice(0, 1));
  expect(buffer.dropped).toBe(100);
});

test('a quoted text with commas moves no column', () => {
  const [parsed] = parseStat('# pxname,svname,last_chk,uweight,\nshop,v1-0,"refused, ""sorry""",7,\n');

  expect(parsed?.get('last_chk')).toBe('refused, "sorry"');
  expect(parsed?.get('uweight')).toBe('7');
});
