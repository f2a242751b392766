import type { ConfigDefaults, ConfigDocument } from '../../contracts/config-document.ts';
import { readBackend } from './import-haproxy/backend.ts';
import { readFrontend, type Tell } from './import-haproxy/frontend.ts';
import { readDefaults, readGlobal } from './import-haproxy/settings.ts';
import { type Reading, type Section, type SourceLine, splitSections } from './import-haproxy/source.ts';
import { isName } from './import-haproxy/values.ts';

/** A line that the document does not say, or says a little differently. */
export interface ImportNote {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** `lost`: the document does not hold it. `changed`: it does, but not quite as it was. */
  readonly kind: 'lost' | 'changed';
  readonly why: string;
}

export interface Import {
  /** Of the right shape; the policy has yet to look at it. */
  readonly document: ConfigDocument;
  /** In the order of the lines. Every line with something on it is either here or in `kept`. */
  readonly notes: readonly ImportNote[];
  /** Numbers of the lines that mean the same in the document. */
  readonly kept: readonly number[];
}

/** An existing `haproxy.cfg` as a document. It never guesses: a line that is not wholly understood is told. */
export function importHaproxy(text: string): Import {
  const readings = new Map<SourceLine, Reading>();
  const tell: Tell = (line, reading) =>
    void readings.set(line, line.words === null ? { lost: dependsOnMachine } : reading);
  const { loose, sections } = splitSections(text);
  for (const line of loose) tell(line, { lost: 'stands before the first section' });
  const defaults: ConfigDefaults = {};
  const document: ConfigDocument = { schemaVersion: 1, defaults, frontends: [], backends: [] };
  for (const section of sections) readSection(document, defaults, section, sections, tell);
  const kept = [...readings].flatMap(([{ number }, reading]) => (reading === 'kept' ? [number] : []));
  return { document, notes: notesOf(readings), kept: kept.sort((a, b) => a - b) };
}

const dependsOnMachine = 'depends on the environment of the machine, or a quote of it stays open';

function readSection(
  document: ConfigDocument,
  defaults: ConfigDefaults,
  section: Section,
  sections: readonly Section[],
  tell: Tell,
): void {
  const obstacle = obstacleOf(section, sections);
  if (obstacle !== null) {
    for (const line of [section.heading, ...section.lines]) tell(line, { lost: obstacle });
    return;
  }
  tell(section.heading, 'kept');
  switch (section.kind) {
    case 'global':
      return section.lines.forEach((line) => tell(line, readGlobal(defaults, line)));
    case 'defaults':
      return section.lines.forEach((line) => tell(line, readDefaults(defaults, line)));
    case 'frontend':
      return void document.frontends.push(readFrontend(section, tell));
    default:
      return void document.backends.push(readBackend(section, tell));
  }
}

/** Why nothing of a section can be taken over; null when something can. */
function obstacleOf(section: Section, sections: readonly Section[]): string | null {
  const { kind, name, heading } = section;
  const twin = sections.find((each) => each.kind === kind && each.name === name);
  switch (kind) {
    case 'listen':
      return 'write a frontend and a backend instead of listen';
    case 'global':
      return twin === section ? null : 'there was a global section before';
    case 'defaults':
      return sections.find((each) => each.kind === 'defaults') === section && name === ''
        ? null
        : 'a document has one set of defaults, without a name';
    case 'frontend':
    case 'backend':
      if (!isName(name) || heading.words?.length !== 2)
        return 'a document wants one name of up to 64 characters';
      if (twin !== section) return `there was a ${kind} ${name} before`;
      return isHttp(section, sections) ? null : 'a document knows only mode http, and here it is not said';
    default:
      return `a document has no section ${kind}`;
  }
}

/** By its own line, else by the defaults that came last before it; TCP where nobody says anything. */
function isHttp(section: Section, sections: readonly Section[]): boolean {
  const before = sections.slice(0, sections.indexOf(section));
  const defaults = before.findLast(({ kind }) => kind === 'defaults');
  const modeOf = (lines: readonly SourceLine[] = []): string | undefined =>
    lines.findLast(({ words }) => words?.[0] === 'mode')?.words?.[1];
  return (modeOf(section.lines) ?? modeOf(defaults?.lines)) === 'http';
}

function notesOf(readings: ReadonlyMap<SourceLine, Reading>): ImportNote[] {
  const notes = [...readings].flatMap(([{ number: line, text }, reading]): ImportNote[] => {
    if (reading === 'kept') return [];
    if ('lost' in reading) return [{ line, text, kind: 'lost', why: reading.lost }];
    return [{ line, text, kind: 'changed', why: reading.changed }];
  });
  return notes.sort((a, b) => a.line - b.line);
}
