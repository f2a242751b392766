import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayMs, dayNumber, instantOf, weekdayOf } from '../../../domain/config-rollout/calendar.ts';

const date = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

test('days are numbered and named as Date does', () => {
  fc.assert(
    fc.property(date, (each) => {
      const day = dayNumber(each.getUTCFullYear(), each.getUTCMonth() + 1, each.getUTCDate());

      expect(day).toBe(Math.floor(each.getTime() / dayMs));
      expect(weekdayOf(day)).toBe(each.toUTCString().slice(0, 3).toLowerCase());
    }),
  );
});

test('timestamps are read as Date does, offsets included', () => {
  fc.assert(
    fc.property(date, fc.constantFrom('Z', '+00:00', '+05:45', '-11:30'), (each, zone) => {
      const text = each.toISOString().replace('Z', zone);

      expect(instantOf(text)).toBe(Date.parse(text));
    }),
  );
});
