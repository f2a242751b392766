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
  /** What HAProxy says against a base with these servers, warnings and taken ports too, or null. Changes nothing. */
  check(base: Base, servers: Servers): Promise<string | null>;
  /** Writes from this base and stays with it, unchecked. Answers the fault or null. */
  use(base: Base, servers: Servers): string | null;
  /** The text of a file that somebody else has edited since, or null. */
  edited(servers: Servers): string | null;
}

/** `base` is null as long as the operator's own counts, which may change at any time. */
export function createLiveFile(files: Files, base: Base | null): LiveFile {
  const turns = createTurns();
  let current = base;

  function edited(servers: Servers): string | null {
    const found = readOr(files.config);
    if (!current || found === null) return null;
    const backends = servers();
    const wanted = render(files, current, backends);
    const again = render(files, { ...current, text: found }, backends);
    const isSame = JSON.stringify(wanted) === JSON.stringify(again);
    return isSame ? null : found;
  }

  return {
    sync: (servers) =>
      turns(async () => {
        const inForce = current;
        if (!inForce) return writeConfig(files, operatorsBase(files), servers(), () => current === null);
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
        const fault = await checkText(files, rendered.text, ['-dW']);
        return fault ?? probeBinds(readOr(files.config) ?? '', rendered.text);
      }),
    use(next, servers) {
      const rendered = render(files, next, servers());
      if ('fault' in rendered) return rendered.fault;
      current = next;
      return place(files, rendered.text);
    },
    edited,
  };
}
