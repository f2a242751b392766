import {
  checkText,
  operatorsBase,
  place,
  readOr,
  render,
  writeConfig,
  type Base,
  type Files,
} from './config-file.ts';
import { probeBinds } from './config-bundle/probe-binds.ts';
import type { RenderedBackend } from './render.ts';
import { createTurns } from './turns.ts';

/** The steered servers as the file is to have them, asked at the moment of writing. */
export type Servers = () => readonly RenderedBackend[];

/** The one writer of the file that HAProxy reads. */
export interface LiveFile {
  /** Brings the file in step with the servers. Answers the fault or null. */
  sync(servers: Servers): Promise<string | null>;
  /** What HAProxy says against a base with these servers, warnings too, or null. Changes nothing. */
  check(base: Base, servers: Servers): Promise<string | null>;
  /** Which port of a base, that neither the file nor a HAProxy that is served from it holds, is taken, or null. */
  probe(base: Base, servers: Servers): Promise<string | null>;
  /** What HAProxy serves is known to be the file: nothing that an attempt before the last start left is held any more. */
  proven(): void;
  /** Writes from this base and stays with it, unchecked. Answers the fault or null. */
  use(base: Base, servers: Servers): string | null;
  /** The text of a file that somebody else has edited since, or null. */
  edited(servers: Servers): string | null;
}

/** `base` is null until one was taken into use: the operator's own counts, which may change at any time. */
export function createLiveFile(files: Files, base: Base | null): LiveFile {
  const turns = createTurns();
  let current = base;
  /** Of a crash in the midst of an attempt: its HAProxy may hold ports that what is known to be good does not have. */
  let atStart = readOr(files.config) ?? '';

  function edited(servers: Servers): string | null {
    const found = readOr(files.config);
    if (!current || current.isOperators || found === null) return null;
    const backends = servers();
    const wanted = render(files, current, backends);
    const again = render(files, { ...current, text: found }, backends);
    const isSame = JSON.stringify(wanted) === JSON.stringify(again);
    return isSame ? null : found;
  }

  /** As the file is now; it may have changed since. */
  function writeOperators(inForce: Base | null, servers: Servers): Promise<string | null> {
    const own = operatorsBase(files);
    const base = 'fault' in own ? own : { ...own, proof: inForce?.proof ?? null };
    return writeConfig(files, base, servers(), () => current === inForce);
  }

  return {
    sync: (servers) =>
      turns(async () => {
        const inForce = current;
        if (!inForce || inForce.isOperators) return writeOperators(inForce, servers);
        // Somebody's edit is not undone by the way, but steered servers are right in it, too.
        const found = readOr(files.config);
        const text = edited(servers) ?? inForce.text;
        // An edit that comes while HAProxy checks is seen next time instead of being overwritten.
        const isStillWanted = (): boolean => current === inForce && readOr(files.config) === found;
        return writeConfig(files, { ...inForce, text }, servers(), isStillWanted);
      }),
    check: (next, servers) =>
      turns(async () => {
        const rendered = render(files, next, servers());
        if ('fault' in rendered) return rendered.fault;
        // What the operator wrote runs with its warnings.
        return checkText(files, rendered.text, next.isOperators ? [] : ['-dW']);
      }),
    probe: (next, servers) =>
      turns(() => {
        const rendered = render(files, next, servers());
        if ('fault' in rendered) return Promise.resolve(rendered.fault);
        return probeBinds([readOr(files.config) ?? '', atStart], rendered.text);
      }),
    proven: () => void (atStart = ''),
    use(next, servers) {
      const rendered = render(files, next, servers());
      if ('fault' in rendered) return rendered.fault;
      current = next;
      return place(files, rendered.text);
    },
    edited,
  };
}
