import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { ConfigSimulationInput } from '../../contracts/config-revision.ts';
import type { SampledRequest } from '../../domain/config-document/impact.ts';
import { OpsError } from '../../domain/errors.ts';

type Given = NonNullable<ConfigSimulationInput['requests']>[number];

/** Requests as they are replayed. Throws `invalid-input` for those that nobody could send. */
export function sampledRequests(given: readonly Given[]): SampledRequest[] {
  const errors = given.flatMap(faultsOf).slice(0, 20);
  const first = errors[0];
  if (first !== undefined)
    throw new OpsError('invalid-input', `a request cannot be sent: ${first.pointer} ${first.detail}`, {
      errors,
    });
  return given.map(({ headers = {}, ...request }) => ({ ...request, headers: lowerCased(headers) }));
}

function faultsOf({ method, host, headers = {} }: Given, index: number) {
  const at = `/requests/${index}`;
  const names = Object.keys(headers);
  return [
    ...(method === 'CONNECT'
      ? [{ pointer: `${at}/method`, detail: 'asks for a tunnel, which has no answer to compare' }]
      : []),
    ...(canBeSent('host', host)
      ? []
      : [{ pointer: `${at}/host`, detail: 'has a character that no host has' }]),
    ...names
      .filter((name) => !canBeSent(name, headers[name] ?? ''))
      .map((name) => ({
        pointer: `${at}/headers/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`,
        detail: 'is no header: its name or its value has a character that cannot be sent',
      })),
  ];
}

function canBeSent(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
