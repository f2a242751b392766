import { type LogLine, type LogWindow, mergeWindows, windowOf } from './log-window.ts';
import { type WindowSize, windowSizes, windowStart } from './window-size.ts';

/** What lines of one window have in common. */
export interface WindowKey {
  readonly size: WindowSize;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly service: string;
  /** '' where it is not known, as below. */
  readonly route: string;
  /** The masked text of the lines. */
  readonly template: string;
  readonly statusClass: StatusClass;
  readonly release: string;
}

export const statusClasses = ['', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof statusClasses)[number];

export interface KeyedWindow {
  readonly key: WindowKey;
  readonly window: LogWindow;
}

/** Puts lines into windows of every size. What templates the masked texts come to is decided later, when all of a project's are known. */
export function preAggregate(lines: readonly LogLine[], mask: (message: string) => string): KeyedWindow[] {
  const smallest = grouped(
    lines.map((line) => ({ key: keyOf(line, mask(line.message)), part: line })),
    windowOf,
  );
  const larger = windowSizes.slice(1).flatMap((size) =>
    grouped(
      smallest.map(({ key, window }) => ({ key: widened(key, size), part: window })),
      (windows) => windows.reduce(mergeWindows),
    ),
  );
  return [...smallest, ...larger];
}

function keyOf({ atMs, service, route, status, release }: LogLine, template: string): WindowKey {
  const [size] = windowSizes;
  return {
    ...{ size, startMs: windowStart(atMs, size), service, route: route ?? '', template },
    ...{ statusClass: classOf(status), release: release ?? '' },
  };
}

function classOf(status: number | null): StatusClass {
  return status === null ? '' : (statusClasses[Math.floor(status / 100)] ?? '');
}

function widened(key: WindowKey, size: WindowSize): WindowKey {
  return { ...key, size, startMs: windowStart(key.startMs, size) };
}

function grouped<T>(
  parts: readonly { readonly key: WindowKey; readonly part: T }[],
  whole: (parts: readonly T[]) => LogWindow,
): KeyedWindow[] {
  const byName = new Map<string, { key: WindowKey; own: T[] }>();
  for (const { key, part } of parts) {
    const name = `${key.startMs}\0${key.service}\0${key.route}\0${key.template}\0${key.statusClass}\0${key.release}`;
    const known = byName.get(name);
    if (known === undefined) byName.set(name, { key, own: [part] });
    else known.own.push(part);
  }
  return [...byName.values()].map(({ key, own }) => ({ key, window: whole(own) }));
}
