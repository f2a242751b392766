import type { DesiredServer } from '../contracts/proxy.ts';
import type { ServerRow } from './snapshot.ts';

export interface Command {
  readonly line: string;
  /** Sends requests to a server that got fewer before: asked again whether that is still wanted, right before it is sent. */
  readonly raises: boolean;
}

/** How the server lines of a managed backend are checked, at run time and in the file alike. */
export const checkOptions = 'check inter 500ms';

/**
 * What turns `actual` into `wanted`: what takes requests away comes first, so that an abort is done with its first command -
 * except where nothing would be left to send requests to; then what brings them comes first.
 */
export function planCommands(
  backend: string,
  wanted: readonly DesiredServer[],
  actual: readonly ServerRow[],
): Command[] {
  const own = actual.filter((row) => !row.backup);
  const lower = [...lowered(wanted, own), ...unwantedWeights(wanted, own)].map(named(backend));
  const bring = [...added(wanted, own), ...moved(wanted, own), ...raised(wanted, own)].map(named(backend));
  const remove = removed(wanted, own).map(named(backend));
  return staysServed(wanted, own) ? [...lower, ...bring, ...remove] : [...bring, ...lower, ...remove];
}

type Step = (name: string) => string;
interface Move {
  readonly server: string;
  readonly step: Step;
  readonly raises?: true;
}

function named(backend: string): (move: Move) => Command {
  return ({ server, step, raises }) => ({ line: step(`${backend}/${server}`), raises: raises ?? false });
}

/** Whether some server keeps a weight all the while when the lowering comes first. */
function staysServed(wanted: readonly DesiredServer[], own: readonly ServerRow[]): boolean {
  return own.some((row) => {
    const target = wanted.find((server) => server.name === row.name);
    return target !== undefined && target.weight > 0 && row.weight > 0 && row.up && !row.maintenance;
  });
}

function lowered(wanted: readonly DesiredServer[], own: readonly ServerRow[]): Move[] {
  return pairs(wanted, own)
    .filter(([server, row]) => row.weight > server.weight)
    .map(([server]) => ({ server: server.name, step: setWeight(server.weight) }));
}

function unwantedWeights(wanted: readonly DesiredServer[], own: readonly ServerRow[]): Move[] {
  return unwanted(wanted, own)
    .filter((row) => row.weight > 0 && !row.maintenance)
    .map((row) => ({ server: row.name, step: setWeight(0) }));
}

function added(wanted: readonly DesiredServer[], own: readonly ServerRow[]): Move[] {
  return wanted
    .filter((server) => !own.some((row) => row.name === server.name))
    .flatMap((server) => [
      {
        server: server.name,
        step: (name: string) => `add server ${name} ${server.address} weight 0 ${checkOptions}`,
      },
      ...opened(server.name),
      ...(server.weight > 0 ? [raise(server)] : []),
    ]);
}

function moved(wanted: readonly DesiredServer[], own: readonly ServerRow[]): Move[] {
  return pairs(wanted, own).flatMap(([server, row]) => [
    ...(row.address === server.address ? [] : [{ server: server.name, step: setAddress(server.address) }]),
    ...(row.maintenance ? opened(server.name) : []),
  ]);
}

function raised(wanted: readonly DesiredServer[], own: readonly ServerRow[]): Move[] {
  return pairs(wanted, own)
    .filter(([server, row]) => row.weight < server.weight)
    .map(([server]) => raise(server));
}

/** HAProxy refuses to delete a server with connections; the next look tries again. */
function removed(wanted: readonly DesiredServer[], own: readonly ServerRow[]): Move[] {
  return unwanted(wanted, own).flatMap((row) => [
    ...(row.maintenance
      ? []
      : [{ server: row.name, step: (name: string) => `set server ${name} state maint` }]),
    { server: row.name, step: (name: string) => `del server ${name}` },
  ]);
}

/** Checks are off until they are enabled, and a server that is enabled first would count as unchecked. */
function opened(server: string): Move[] {
  return [
    { server, step: (name) => `enable health ${name}` },
    { server, step: (name) => `set server ${name} state ready` },
  ];
}

function raise(server: DesiredServer): Move {
  return { server: server.name, step: setWeight(server.weight), raises: true };
}

function setWeight(weight: number): Step {
  return (name) => `set server ${name} weight ${weight}`;
}

function setAddress(address: string): Step {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  return (name) => `set server ${name} addr ${host} port ${address.slice(at + 1)}`;
}

function pairs(wanted: readonly DesiredServer[], own: readonly ServerRow[]): [DesiredServer, ServerRow][] {
  return wanted.flatMap((server) => {
    const row = own.find((candidate) => candidate.name === server.name);
    return row ? [[server, row] as [DesiredServer, ServerRow]] : [];
  });
}

function unwanted(wanted: readonly DesiredServer[], own: readonly ServerRow[]): ServerRow[] {
  return own.filter((row) => !wanted.some((server) => server.name === row.name));
}
