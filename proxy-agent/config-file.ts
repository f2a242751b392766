import { execFile } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { replaceFile } from './files.ts';
import { renderConfig, type Proof, type RenderedBackend } from './render.ts';
import type { AgentSettings } from './settings.ts';

export type Files = Pick<
  AgentSettings,
  'haproxy' | 'baseConfig' | 'config' | 'logPort' | 'socket' | 'nodeAddress'
>;

/** What the written configuration is made from. */
export interface Base {
  /** For texts about it. */
  readonly name: string;
  readonly text: string;
  readonly proof: Proof | null;
  /** The operator's own file: it may change at any time, and says itself what this host needs. */
  readonly isOperators: boolean;
}

export type Rendered = { readonly text: string } | { readonly fault: string };

const checkTimeoutMs = 10_000;

/** The operator's own base configuration, as it stands now. */
export function operatorsBase({ baseConfig }: Files): Base | { readonly fault: string } {
  const text = readOr(baseConfig);
  if (text === null) return { fault: `the base configuration ${baseConfig} cannot be read` };
  return { name: baseConfig, text, proof: null, isOperators: true };
}

/**
 * Writes what HAProxy is to read at its next start or reload, but only when it says that it can. Answers the fault or null; the
 * last good file stays when there is one.
 */
export async function writeConfig(
  files: Files,
  base: Base | { readonly fault: string },
  backends: readonly RenderedBackend[],
  isStillWanted: () => boolean = () => true,
): Promise<string | null> {
  const rendered = 'fault' in base ? base : render(files, base, backends);
  if ('fault' in rendered) return rendered.fault;
  if (readOr(files.config) === rendered.text) return null;
  const fault = await checkText(files, rendered.text);
  return fault ?? (isStillWanted() ? place(files, rendered.text) : null);
}

export function render(files: Files, base: Base, backends: readonly RenderedBackend[]): Rendered {
  const node = base.isOperators ? null : { socket: files.socket, address: files.nodeAddress };
  const { text, missing } = renderConfig(base.text, backends, files.logPort, base.proof, node);
  if (missing.length > 0) return { fault: `${base.name} has no backend ${missing.join(', ')}` };
  return { text };
}

/** Puts a text in the place that HAProxy reads; answers the fault or null. */
export function place({ config }: Files, text: string): string | null {
  try {
    replaceFile(config, text);
    return null;
  } catch (error) {
    return `${config} cannot be written: ${(error as Error).message}`;
  }
}

/** What HAProxy says against a text, or null. A refused one is kept, so that the line numbers that it names can be looked at. */
export async function checkText(
  { config, haproxy }: Files,
  text: string,
  options: readonly string[] = [],
): Promise<string | null> {
  // Beside the real one, because a configuration may name other files relative to itself.
  const candidate = `${config}.${process.pid}.candidate`;
  try {
    replaceFile(candidate, text);
    const fault = await check(haproxy, candidate, options);
    if (fault === null) return null;
    renameSync(candidate, `${config}.refused`);
    return fault.replaceAll(candidate, `${config}.refused`);
  } catch (error) {
    return `${candidate} cannot be written: ${(error as Error).message}`;
  } finally {
    rmSync(candidate, { force: true });
  }
}

/** What `haproxy -c` says against a file, or null. */
export async function check(
  haproxy: string,
  path: string,
  options: readonly string[] = [],
): Promise<string | null> {
  try {
    await promisify(execFile)(haproxy, ['-c', ...options, '-f', path], { timeout: checkTimeoutMs });
    return null;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return said('ALERT', stderr ?? '') || said('WARNING', stderr ?? '') || message;
  }
}

function said(level: 'ALERT' | 'WARNING', stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter((line) => line.includes(`[${level}]`) && !line.includes("'zero-warning' is set"));
  return lines.map((line) => line.replace(/^\[[A-Z]+\]\s*\(\d+\)\s*:\s*/, '')).join('; ');
}

export function readOr(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
