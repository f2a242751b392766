import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FreezeWindow } from '../../../contracts/freeze-window.ts';
import { freezeProblems } from '../../../domain/config-rollout/freeze-problems.ts';
import { frozenUntil } from '../../../domain/config-rollout/freeze.ts';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Day = (typeof days)[number];

const weekly = (on: Day[], from: string, to: string, timeZone = 'UTC'): FreezeWindow => ({
  days: on,
  from,
  to,
  timeZone,
  reason: 'why',
});

const until = (windows: FreezeWindow[], now: string): string | null => {
  const freeze = frozenUntil(windows, Date.parse(now));
  return freeze === null ? null : new Date(freeze.untilMs).toISOString();
};

const evening = weekly(['fri'], '17:00', '20:00');
const night = weekly(['fri'], '22:00', '06:00');

// 2026-01-02 is a Friday.
test.each([
  [evening, '2026-01-02T16:59:59.999Z', null],
  [evening, '2026-01-02T17:00:00Z', '2026-01-02T20:00:00.000Z'],
  [evening, '2026-01-02T19:59:59.999Z', '2026-01-02T20:00:00.000Z'],
  [evening, '2026-01-02T20:00:00Z', null],
  [evening, '2026-01-03T18:00:00Z', null],
  [night, '2026-01-03T05:00:00Z', '2026-01-03T06:00:00.000Z'],
  [night, '2026-01-02T05:00:00Z', null],
  [weekly(['fri'], '09:00', '09:00'), '2026-01-03T08:00:00Z', '2026-01-03T09:00:00.000Z'],
  [weekly(['fri'], '17:00', '20:00', 'Asia/Tokyo'), '2026-01-02T08:00:00Z', '2026-01-02T11:00:00.000Z'],
  [weekly(['sat'], '00:00', '04:00', 'Asia/Tokyo'), '2026-01-02T15:30:00Z', '2026-01-02T19:00:00.000Z'],
])('%j at %s holds until %s', (window, now, end) => {
  expect(until([window], now)).toBe(end);
});

const absolute: FreezeWindow = {
  since: '2026-01-02T20:00:00Z',
  until: '2026-01-05T08:00:00+01:00',
  reason: 'sale',
};

test('windows that touch or overlap hold as one', () => {
  expect(until([evening, absolute], '2026-01-02T18:00:00Z')).toBe('2026-01-05T07:00:00.000Z');
  expect(until([absolute], '2026-01-02T18:00:00Z')).toBeNull();
  const weekend = weekly(['sat', 'sun'], '00:00', '00:00');
  expect(until([weekend], '2026-01-03T10:00:00Z')).toBe('2026-01-05T00:00:00.000Z');
});

test('the reason is that of the window that holds now', () => {
  expect(frozenUntil([evening, absolute], Date.parse('2026-01-02T18:00:00Z'))?.reason).toBe('why');
});

// Berlin sets its clocks forward at 02:00 on 2026-03-29, back at 03:00 on 2026-10-25; both are Sundays.
test.each([
  [
    'the wall clock counts before the change',
    ['sun'],
    '00:30',
    '04:00',
    '2026-03-29T00:00:00Z',
    '2026-03-29T02:00:00.000Z',
  ],
  ['and on a usual Sunday', ['sun'], '00:30', '04:00', '2026-03-22T00:00:00Z', '2026-03-22T03:00:00.000Z'],
  ['a start that is skipped', ['sun'], '02:30', '05:00', '2026-03-29T01:00:00Z', '2026-03-29T03:00:00.000Z'],
  ['an end that is skipped', ['sun'], '01:00', '02:30', '2026-03-29T00:59:59Z', '2026-03-29T01:30:00.000Z'],
  ['an end that comes twice', ['sun'], '01:00', '02:30', '2026-10-25T00:45:00Z', '2026-10-25T01:30:00.000Z'],
  ['a start that comes twice', ['sun'], '02:30', '04:00', '2026-10-25T00:30:00Z', '2026-10-25T03:00:00.000Z'],
  ['a night over the change', ['sat'], '22:00', '06:00', '2026-10-25T04:59:59Z', '2026-10-25T05:00:00.000Z'],
] as [string, Day[], string, string, string, string][])('%s', (_, on, from, to, now, end) => {
  expect(until([weekly(on, from, to, 'Europe/Berlin')], now)).toBe(end);
});

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const someWindow = fc.record({
  days: fc.subarray([...days], { minLength: 1 }),
  from: clock,
  to: clock,
  timeZone: fc.constantFrom(...zones),
  reason: fc.constant('why'),
});
const instant = fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2028, 0, 1) / 60_000 });

function shown(timeZone: string, ms: number): { day: string; time: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return { day: String(parts.weekday).toLowerCase(), time: `${parts.hour}:${parts.minute}` };
}

test('while clocks of the zone show a time within the window it is frozen', () => {
  fc.assert(
    fc.property(someWindow, instant, (window, minute) => {
      const now = minute * 60_000;
      const { day, time } = shown(window.timeZone, now);
      fc.pre(window.from < window.to && window.days.some((each) => each === day));
      fc.pre(window.from <= time && time < window.to);

      expect(frozenUntil([window], now)).not.toBeNull();
    }),
  );
});

test('at the end that is told no window holds, and until then it does not move', () => {
  fc.assert(
    fc.property(
      fc.array(someWindow, { maxLength: 4 }),
      instant,
      fc.float({ min: 0, max: 1, noNaN: true }),
      (windows, minute, part) => {
        const now = minute * 60_000;
        const freeze = frozenUntil(windows, now);
        fc.pre(freeze !== null && freezeProblems(windows, '').length === 0);
        const end = freeze?.untilMs ?? 0;
        const between = Math.floor(now + (end - now) * Math.min(part, 0.999));

        expect(end).toBeGreaterThan(now);
        // A free minute in every week but those that the clocks are set in, some days after each other.
        expect(end - now).toBeLessThan(21 * 86_400_000);
        expect(frozenUntil(windows, end)).toBeNull();
        expect(frozenUntil(windows, between)?.untilMs).toBe(end);
      },
    ),
  );
});

const someSpan = fc
  .tuple(instant, fc.integer({ min: 1, max: 100 * 24 * 60 }))
  .map(([since, minutes]): FreezeWindow => ({
    since: new Date(since * 60_000).toISOString(),
    until: new Date((since + minutes) * 60_000).toISOString(),
    reason: 'why',
  }));
const weeklyOrSpan = fc.oneof<fc.Arbitrary<FreezeWindow>[]>(someWindow, someSpan);

test('a window more never shortens a freeze', () => {
  const always = weekly([...days], '00:01', '00:00');
  const others = weekly([...days], '00:01', '00:00', 'Asia/Kathmandu');
  fc.assert(
    fc.property(fc.array(weeklyOrSpan, { maxLength: 3 }), weeklyOrSpan, instant, (windows, more, minute) => {
      const alone = frozenUntil(windows, minute * 60_000)?.untilMs ?? 0;

      expect(frozenUntil([...windows, more], minute * 60_000)?.untilMs ?? 0).toBeGreaterThanOrEqual(alone);
    }),
    // Two that together never end: what is looked at ends at 60 days, wherever a window ends then.
    { examples: [[[always, others], weekly(['fri'], '00:00', '00:00', 'Australia/Lord_Howe'), 30_235_681]] },
  );
});

test('what cannot be meant is refused by pointer', () => {
  expect(freezeProblems([evening, absolute], '/freezes')).toEqual([]);
  expect(freezeProblems([weekly(['fri'], '17:00', '20:00', 'Mars/Base')], '/freezes')).toEqual([
    { pointer: '/freezes/0/timeZone', detail: expect.stringContaining('Mars/Base') as string },
  ]);
  expect(freezeProblems([{ since: absolute.until, until: absolute.since, reason: 'x' }], '/freezes')).toEqual(
    [{ pointer: '/freezes/0/until', detail: expect.stringContaining('is not after since') as string }],
  );
  const day = weekly([...days], '00:00', '23:00');
  const nightOfNewYork = weekly([...days], '18:01', '00:00', 'America/New_York');
  expect(freezeProblems([day], '/freezes')).toEqual([]);
  // 22:01 of UTC in summer, and a minute later than the other ends in winter.
  expect(freezeProblems([day, nightOfNewYork], '/freezes')).toEqual([
    { pointer: '/freezes', detail: expect.stringContaining('no free minute') as string },
  ]);
  // Together for two hours in October alone, when one has set its clocks back and the other has not.
  const jerusalem = weekly([...days], '00:00', '23:00', 'Asia/Jerusalem');
  expect(
    freezeProblems([jerusalem, weekly([...days], '23:00', '00:00', 'Europe/Paris')], '/freezes'),
  ).toEqual([]);
  expect(freezeProblems([weekly([...days], '08:00', '08:00')], '/freezes')).toEqual([
    { pointer: '/freezes', detail: expect.stringContaining('no free minute') as string },
  ]);
});
