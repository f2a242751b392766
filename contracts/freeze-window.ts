import { Type, type Static } from 'typebox';
import { Reason, Timestamp } from './common.ts';

const Weekday = Type.Unsafe<'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun'>(
  Type.Union(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => Type.Literal(day))),
);
const ClockTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM' });

/** Time in which no wave begins. `to` before `from` ends on the next day; `from` equal to `to` is the whole day. */
export const FreezeWindow = Type.Union([
  Type.Object(
    {
      days: Type.Array(Weekday, { minItems: 1, uniqueItems: true }),
      from: ClockTime,
      to: ClockTime,
      timeZone: Type.String({ maxLength: 60, description: 'IANA name, such as Europe/Berlin' }),
      reason: Reason,
    },
    { additionalProperties: false },
  ),
  Type.Object({ since: Timestamp, until: Timestamp, reason: Reason }, { additionalProperties: false }),
]);
export type FreezeWindow = Static<typeof FreezeWindow>;
