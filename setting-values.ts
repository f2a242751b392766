import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { parseDuration } from './domain/duration.ts';

/** How the text of a setting is read. Each throws a Fault that says what is wrong and how it has to look. */
export class Fault extends Error {}

export function text(value: string): string {
  return value;
}

export function name(value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new Fault(`is ${quote(value)}, not lower-case letters, digits and inner hyphens`);
}

export function path(value: string): string {
  if (value.includes('\0')) throw new Fault('holds a zero byte');
  return resolve(value);
}

export function port(value: string): number {
  const number = Number(value);
  if (/^[0-9]+$/.test(value) && number >= 1 && number <= 65535) return number;
  throw new Fault(`is ${quote(value)}, not a port from 1 to 65535`);
}

/** At least a minute, so that a slip of the unit does not empty a table. */
export function span(value: string): number {
  const ms = /^[0-9]{1,9}(ms|s|m|h|d)$/.test(value) ? parseDuration(value) : 0;
  if (ms >= 60_000) return ms;
  throw new Fault(`is ${quote(value)}, not a time span from 1m, such as 12h or 30d`);
}

/** What HAProxy may listen on: an address or a host name, without a port. */
export function bindAddress(value: string): string {
  if (
    /^(\*|\[[0-9a-fA-F:.]{2,45}\]|[0-9a-fA-F:.]{2,45}|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/.test(
      value,
    )
  )
    return value;
  throw new Fault(`is ${quote(value)}, not *, an IP address or a host name, without a port`);
}

/** From a second to an hour. */
export function briefSpan(value: string): number {
  const ms = /^[0-9]{1,9}(ms|s|m|h|d)$/.test(value) ? parseDuration(value) : 0;
  if (ms >= 1000 && ms <= 3_600_000) return ms;
  throw new Fault(`is ${quote(value)}, not a time span from 1s to 1h, such as 5s`);
}

export function count(value: string): number {
  const number = Number(value);
  if (/^[0-9]{1,9}$/.test(value) && number >= 1) return number;
  throw new Fault(`is ${quote(value)}, not a whole number above 0`);
}

/** As many requests as a report has room for; 0 is none. */
export function sampleSize(value: string): number {
  if (/^[0-9]{1,2}$/.test(value) && Number(value) <= 20) return Number(value);
  throw new Fault(`is ${quote(value)}, not a whole number from 0 to 20`);
}

/** A share of 1: over 0, at most 1. */
export function similarity(value: string): number {
  const number = Number(value);
  if (/^[0-9]*\.?[0-9]+$/.test(value) && number > 0 && number <= 1) return number;
  throw new Fault(`is ${quote(value)}, not a number over 0 and at most 1, such as 0.72`);
}

/** Names with commas between them, with or without the `r/` that people write before them. Each once, in their order. */
export function subreddits(value: string): readonly string[] {
  const names = value.split(',').map((part) => part.trim().replace(/^\/?r\//, ''));
  const wrong = names.find((part) => !/^[A-Za-z0-9][A-Za-z0-9_]{1,20}$/.test(part));
  if (wrong === undefined) return [...new Set(names)];
  throw new Fault(`holds ${quote(wrong)}, not a name of 2 to 21 letters, digits and _; part names by commas`);
}

export function secretReference(value: string): string {
  if (/^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/[^\0]+)$/.test(value)) return value;
  // It may be the secret itself: it is never repeated.
  throw new Fault('is not env:NAME or file:/PATH, which name where the secret is');
}

export function hostAndPort(value: string): string {
  if (/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):[0-9]{1,5}$/.test(value)) return value;
  throw new Fault(`is ${quote(value)}, not host:port`);
}

export function url(...protocols: string[]): (value: string) => string {
  return (value) => {
    // The value may hold a password: it is never repeated.
    const parsed = URL.parse(value) ?? URL.parse(value.replace('@/', '@localhost/'));
    if (!parsed) throw new Fault('is not a URL');
    if (!protocols.includes(parsed.protocol))
      throw new Fault(`does not begin with ${protocols.join(' or ')}`);
    return value;
  };
}

/** What git takes for a repository elsewhere; nothing that it could take for an option or run as a command. */
export function gitRemote(value: string): string {
  if (/^((https?|ssh|file):\/\/|\/|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:)[^\s\0]+$/.test(value)) return value;
  // It may hold a password: it is never repeated.
  throw new Fault('is not an https, http, ssh or file URL, user@host:path or a path from /');
}

export function oneOf<T extends string>(allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new Fault(`is ${quote(value)}, not one of ${allowed.join(', ')}`);
    return found;
  };
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

/** Who runs this process, for settings that were not given. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without a passwd entry, as in some containers.
    return `uid-${process.getuid?.() ?? 0}`;
  }
}

export function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part as object);
  }
  return Object.freeze(value);
}
