import type { ConfigDefaults } from '../../../contracts/config-document.ts';
import type { Reading, SourceLine } from './source.ts';
import { readCount, readTime } from './values.ts';

const timeoutNames = {
  connect: 'connect',
  client: 'client',
  server: 'server',
  'http-request': 'httpRequest',
  'http-keep-alive': 'keepAlive',
  queue: 'queue',
  tunnel: 'tunnel',
} as const;

type TimeoutName = (typeof timeoutNames)[keyof typeof timeoutNames];
type Timeouts = Partial<Record<TimeoutName, string>>;

export function readGlobal(defaults: ConfigDefaults, { words }: SourceLine): Reading {
  const [keyword = '', value, ...more] = words ?? [];
  if (more.length > 0) return notOurs;
  if (keyword === 'maxconn') {
    const connections = readCount(value, 1, 1_000_000);
    if (connections === null) return { lost: 'the number is out of bounds' };
    defaults.connections = connections;
    return 'kept';
  }
  if (keyword !== 'hard-stop-after') return notOurs;
  const time = readTime(value);
  if (time === null) return noTime;
  defaults.hardStopAfter = time;
  return 'kept';
}

const notOurs: Reading = { lost: 'belongs to the node and not to the fleet; it stays with the node' };
export const noTime: Reading = { lost: 'is no time from 1ms to 24h' };

export function readDefaults(defaults: ConfigDefaults, line: SourceLine): Reading {
  const [keyword = ''] = line.words ?? [];
  if (keyword === 'timeout')
    return readTimeout((defaults.timeouts ??= {}), line, Object.values(timeoutNames));
  return readCommon(line) ?? { lost: 'has no place in the defaults of a document' };
}

/** Of the members that the part of the document has. */
export function readTimeout(
  timeouts: Timeouts,
  { words }: SourceLine,
  members: readonly TimeoutName[],
): Reading {
  const [, keyword = '', value, ...more] = words ?? [];
  const name = Object.hasOwn(timeoutNames, keyword)
    ? timeoutNames[keyword as keyof typeof timeoutNames]
    : null;
  if (name === null || !members.includes(name) || more.length > 0)
    return { lost: `a document has no timeout ${keyword} here` };
  const time = readTime(value);
  if (time === null) return noTime;
  timeouts[name] = time;
  return 'kept';
}

/** What every rendered configuration says anyway; null for anything else. */
export function readCommon({ words }: SourceLine): Reading | null {
  const text = (words ?? []).join(' ');
  return text === 'mode http' || text === 'option idle-close-on-response' ? 'kept' : null;
}
