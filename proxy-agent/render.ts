import type { DesiredServer } from '../contracts/proxy.ts';
import { checkOptions } from './plan.ts';

export interface RenderedBackend {
  readonly backend: string;
  readonly token: number;
  readonly stable: string | null;
  readonly canary: string | null;
  readonly servers: readonly DesiredServer[];
}

/** What a worker answers on a socket of its own, so that one can ask it which configuration it serves. */
export interface Proof {
  readonly socket: string;
  readonly hash: string;
  /** 0: the operator's own configuration. */
  readonly sequence: number;
}

/** What a base that came from elsewhere cannot know of this host. */
export interface Node {
  /** The runtime socket, without which the agent could do nothing any more. */
  readonly socket: string;
  readonly address: string;
}

const begin = '# holdfast: begin';
const end = '# holdfast: end';
const sectionStart =
  /^(global|defaults|frontend|backend|listen|peers|resolvers|mailers|userlist|cache|program|ring|http-errors|fcgi-app|log-forward)(?:\s+(\S+))?/;

/**
 * The operator's configuration with the servers of each managed backend, so that a reload or a restart brings up the split that
 * runs now, and with a log target on loopback from which the agent reads latencies. The operator's own servers of a managed
 * backend are commented out, but for backups. Names of backends that the base lacks are answered as `missing`. With a `proof`
 * the worker tells on that socket which hash it serves; with a `node` the base finds there what belongs to this host.
 */
export function renderConfig(
  base: string,
  backends: readonly RenderedBackend[],
  logPort: number,
  proof: Proof | null = null,
  node: Node | null = null,
): { readonly text: string; readonly missing: readonly string[] } {
  const unmanaged = withoutManaged(base);
  const sections = splitSections(unmanaged);
  // A variable of ours could take the place of one that the operator's rules depend on.
  const limitsVariables = unmanaged.some((line) => /^\s*tune\.vars\./.test(line));
  const missing = backends
    .map(({ backend }) => backend)
    .filter((name) => !sections.some((section) => isServed(section) && section.name === name));
  const lines = sections.flatMap((section, index) => {
    const managed = isServed(section) && backends.find(({ backend }) => backend === section.name);
    const lines = managed ? section.lines.map(takeOver) : section.lines;
    const log = logLines(section, sections.slice(0, index), {
      port: logPort,
      sequence: proof?.sequence ?? 0,
    });
    const own = log.length === 0 || limitsVariables ? lines : withHost(lines);
    const rest = [...log, ...(managed ? serverLines(managed) : [])];
    return [...own.slice(0, bodyEnd(own)), ...rest, ...own.slice(bodyEnd(own))];
  });
  const withProof = [
    ...lines.slice(0, lastContent(lines)),
    ...proofLines(proof),
    ...lines.slice(lastContent(lines)),
  ];
  return { text: [notice, ...nodeLines(node, unmanaged), ...withProof].join('\n'), missing };
}

const notice =
  '# Written by the proxy agent of Holdfast: change the base configuration instead of this file.';

interface Section {
  readonly kind: string;
  readonly name: string;
  readonly lines: readonly string[];
}

/** What the last written file says of each managed backend: all that is left when the agent's state cannot be read. */
export function readManaged(config: string): Omit<RenderedBackend, 'servers'>[] {
  return [...config.matchAll(/^\s*# holdfast: begin (\{.*\})$/gm)].flatMap((match) => {
    try {
      return [JSON.parse(match[1] ?? '') as Omit<RenderedBackend, 'servers'>];
    } catch {
      return [];
    }
  });
}

/** Which order the last written file is from; null when from none. */
export function readProof(config: string): Pick<Proof, 'sequence' | 'hash'> | null {
  const [, sequence, hash] =
    /^# holdfast: begin proof {"sequence":(\d+),"hash":"([0-9a-f]{64})"}$/m.exec(config) ?? [];
  return hash === undefined ? null : { sequence: Number(sequence), hash };
}

function withoutManaged(text: string): string[] {
  let inside = false;
  return text.split('\n').filter((line) => {
    const content = line.trim();
    if (content.startsWith(begin)) inside = true;
    const keep = !inside && content !== notice;
    if (content.startsWith(end)) inside = false;
    return keep;
  });
}

function splitSections(lines: readonly string[]): Section[] {
  const sections: { kind: string; name: string; lines: string[] }[] = [{ kind: '', name: '', lines: [] }];
  for (const line of lines) {
    const match = sectionStart.exec(line.trim());
    if (match) sections.push({ kind: match[1] ?? '', name: match[2] ?? '', lines: [] });
    sections.at(-1)?.lines.push(line);
  }
  return sections;
}

function isServed(section: Section): boolean {
  return section.kind === 'backend' || section.kind === 'listen';
}

function takeOver(line: string): string {
  const isServer = /^\s*server(-template)?\s/.test(line) && !/\sbackup(\s|$)/.test(line);
  return isServer ? line.replace(/\S/, '# holdfast manages this backend: $&') : line;
}

function serverLines({ backend, token, stable, canary, servers }: RenderedBackend): string[] {
  return [
    `    ${begin} ${JSON.stringify({ backend, token, stable, canary })}`,
    ...servers.map(
      ({ name, address, weight }) => `    server ${name} ${address} weight ${weight} ${checkOptions}`,
    ),
    `    ${end}`,
  ];
}

/**
 * Structured data of RFC 5424 goes only to targets in that format: what the operator logs stays as it is. A frontend without any
 * format of its own logs connections instead of requests and so needs one.
 */
function logLines(
  section: Section,
  before: readonly Section[],
  { port, sequence }: { readonly port: number; readonly sequence: number },
): string[] {
  if (section.kind !== 'frontend' && section.kind !== 'listen') return [];
  const defaults = before.findLast((candidate) => candidate.kind === 'defaults')?.lines ?? [];
  const has = (pattern: RegExp): boolean =>
    [...defaults, ...section.lines].some((line) => pattern.test(line));
  const mode = [...defaults, ...section.lines].findLast((line) => /^\s*mode\s/.test(line)) ?? '';
  if (!/\shttp(\s|$)/.test(mode) || has(/^\s*log-format-sd\s/)) return [];
  return [
    `    ${begin} log`,
    ...(has(/^\s*(log-format\s|option\s+(httplog|tcplog|httpslog))/) ? [] : ['    option httplog']),
    `    log 127.0.0.1:${port} len 4096 format rfc5424 local0 info`,
    `    log-format-sd '${logFormat(sequence)}'`,
    `    ${end}`,
  ];
}

/**
 * What may be long comes last: a line that is cut off at its end still counts. `E` escapes what would end a value. The order is in it
 * because an old worker goes on for a while after a reload: what it ends is none of the new one's.
 */
function logFormat(sequence: number): string {
  const order = sequence === 0 ? '' : ` o="${sequence}"`;
  const request = `fp="%fp" m="%{+E}HM" h="%{+E}[var(${hostVariable})]" p="%{+E}HP"`;
  return `[holdfast b="%b" s="%s" t="%Ta" f="%f" st="%ST" ts="%ts"${order} ${request}]`;
}

const hostVariable = 'txn.holdfast_host';
const tcpRule = /^\s*tcp-request\s+(connection|session|content)\s/;
const laterRule = /^\s*(http-request|redirect|use_backend|use-server)\s/;

/**
 * When a request is logged its headers are gone. What keeps the host stands before the first rule, which may be the last one that a
 * request comes to, and behind those of TCP, since HAProxy warns of rules in another order than it follows them. Where conditions of the
 * file leave no such place, the host is not known.
 */
function withHost(lines: readonly string[]): string[] {
  const depths = depthsOf(lines);
  const isOutside = (index: number): boolean =>
    depths.slice(0, index).every((depth) => depth >= 0) && (depths[index - 1] ?? 0) === 0;
  const first = lines.findIndex((line) => laterRule.test(line));
  const lastTcp = lines.findLastIndex((line) => tcpRule.test(line));
  const places = Array.from({ length: lines.length + 1 }, (_, index) => index);
  const at = places.findLast(
    (index) =>
      index > Math.max(0, lastTcp) && index <= (first < 0 ? bodyEnd(lines) : first) && isOutside(index),
  );
  if (at === undefined) return [...lines];
  const keep = `    http-request set-var(${hostVariable}) req.fhdr(host),bytes(0,253)`;
  return [...lines.slice(0, at), `    ${begin} host`, keep, `    ${end}`, ...lines.slice(at)];
}

/** Behind each line, how many conditions have begun in these lines and not ended; below 0 where one ends that began before them. */
function depthsOf(lines: readonly string[]): number[] {
  let depth = 0;
  return lines.map((line) => {
    if (/^\s*\.if(\s|$)/.test(line)) depth += 1;
    else if (/^\s*\.endif(\s|$)/.test(line)) depth -= 1;
    // The other branch of what began before: it belongs to whatever stood before that.
    else if (depth === 0 && /^\s*\.(elif|else)(\s|$)/.test(line)) depth = -1;
    return depth;
  });
}

/** Where a section's own lines end: a condition that begins or ends there belongs to what comes next, or to what came before. */
function bodyEnd(lines: readonly string[]): number {
  const depths = depthsOf(lines);
  const left = depths.findIndex((depth) => depth < 0);
  const inside = left < 0 ? lines.length : left;
  const end = lines.findLastIndex(
    (line, index) => index < inside && depths[index] === 0 && line.trim() !== '',
  );
  return end + 1;
}

/** Before the base, which uses it. HAProxy takes several sections `global`; the same socket twice it would not. */
function nodeLines(node: Node | null, base: readonly string[]): string[] {
  if (!node) return [];
  const isNamed = base.some((line) => isSocketLine(line, node.socket));
  return [
    `${begin} node`,
    'global',
    `    setenv HOLDFAST_NODE_ADDRESS ${node.address}`,
    ...(isNamed ? [] : [`    stats socket ${node.socket} mode 600 level admin`]),
    end,
  ];
}

function isSocketLine(line: string, socket: string): boolean {
  const [stats, kind, place = ''] = line.trim().split(/\s+/);
  return stats === 'stats' && kind === 'socket' && place.replace(/^unix@/, '') === socket;
}

/** Defaults of its own: the operator's may hold rules that answer first. */
function proofLines(proof: Proof | null): string[] {
  if (!proof) return [];
  return [
    `${begin} proof ${JSON.stringify({ sequence: proof.sequence, hash: proof.hash })}`,
    'defaults holdfast-proof',
    '    mode http',
    '    timeout client 5s',
    'frontend holdfast-proof from holdfast-proof',
    `    bind unix@${proof.socket} mode 666`,
    `    http-request return status 200 content-type text/plain string "${proof.hash}"`,
    end,
  ];
}

function lastContent(lines: readonly string[]): number {
  return lines.findLastIndex((line) => line.trim() !== '') + 1;
}
