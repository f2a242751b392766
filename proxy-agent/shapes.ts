import type { DesiredState, ProxyReportAnswer } from '../contracts/proxy.ts';
import type { BackendState, LocalStop } from './effective.ts';
import { array, boolean, integer, nullable, object, record, text, type Shape } from './shape.ts';

/**
 * Checks of what comes from outside, by hand: TypeBox would be a third of the agent's memory. test/proxy-agent/shapes.test.ts
 * compares them with the schemas in contracts/proxy.ts.
 */
export function isDesiredState(value: unknown): value is DesiredState {
  return object({ revision: integer, backends: array(object({ ...kept, leaseMs: nullable(integer) })) })(
    value,
  );
}

export function isReportAnswer(value: unknown): value is ProxyReportAnswer {
  return object({
    revision: integer,
    leases: array(object({ backend: text, token: integer, remainingMs: integer })),
    acknowledgedTrips: array(object({ backend: text, token: integer })),
  })(value);
}

export function isStoredState(
  value: unknown,
): value is { format: 1; backends: Readonly<Record<string, BackendState>> } {
  const trip = object({ ...tripFields, acknowledged: boolean });
  const state = object({
    desired: object(kept),
    trip: nullable(trip),
    managed: boolean,
    leaseUntil: nullable(integer),
  });
  return object({ format: (format) => format === 1, backends: record(state) })(value);
}

export function isStop(value: unknown): value is LocalStop {
  return object({ reason: text, by: text, at: text })(value);
}

export function isStoredLeases(
  value: unknown,
): value is Readonly<Record<string, { readonly token: number; readonly until: number }>> {
  return record(object({ token: integer, until: integer }))(value);
}

const name: Shape = (value) => typeof value === 'string' && /^[A-Za-z0-9._:-]{1,96}$/.test(value);
const weight: Shape = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 256;
const cause: Shape = (value) => value === 'lease-lost' || value === 'local-stop';

const server = object({ name, version: text, address: text, weight, healthPath: text });
const kept = {
  backend: text,
  token: integer,
  servers: array(server),
  stable: nullable(text),
  canary: nullable(text),
};
const tripFields = { backend: text, token: integer, cause, at: text, reason: text };
