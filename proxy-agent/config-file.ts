import { execFile } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { replaceFile } from './files.ts';
import { renderConfig, type RenderedBackend } from './render.ts';
import type { AgentSettings } from './settings.ts';

type Files = Pick<AgentSettings, 'haproxy' | 'baseConfig' | 'config' | 'logPort'>;

const checkTimeoutMs = 10_000;

/**
 * Writes what HAProxy is to read at its next start or reload, but only when it says that it can. Answers the fault or null; the
 * last good file stays when there is one.
 */
export async function writeConfig(
  files: Files,
  backends: readonly RenderedBackend[],
): Promise<string | null> {
  const rendered = render(files, backends);
  if ('fault' in rendered) return rendered.fault;
  if (readOr(files.config) === rendered.text) return null;
  // Beside the real one, because a configuration may name other files relative to itself.
  const candidate = `${files.config}.${process.pid}.candidate`;
  try {
    replaceFile(candidate, rendered.text);
    const fault = await check(files.haproxy, candidate);
    if (fault === null) {
      replaceFile(files.config, rendered.text);
      return null;
    }
    // Kept, so that the line numbers that HAProxy names can be looked at.
    renameSync(candidate, `${files.config}.refused`);
    return fault.replaceAll(candidate, `${files.config}.refused`);
  } catch (error) {
    return `${files.config} cannot be written: ${(error as Error).message}`;
  } finally {
    rmSync(candidate, { force: true });
  }
}

export function render(
  files: Files,
  backends: readonly RenderedBackend[],
): { readonly text: string } | { readonly fault: string } {
  const base = readOr(files.baseConfig);
  if (base === null) return { fault: `the base configuration ${files.baseConfig} cannot be read` };
  const { text, missing } = renderConfig(base, backends, files.logPort);
  if (missing.length > 0) return { fault: `${files.baseConfig} has no backend ${missing.join(', ')}` };
  return { text };
}

/** What `haproxy -c` says against a file, or null. */
export async function check(haproxy: string, path: string): Promise<string | null> {
  try {
    await promisify(execFile)(haproxy, ['-c', '-f', path], { timeout: checkTimeoutMs });
    return null;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return alerts(stderr ?? '') || message;
  }
}

function alerts(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.includes('[ALERT]'));
  return lines.map((line) => line.replace(/^\[ALERT\]\s*\(\d+\)\s*:\s*/, '')).join('; ');
}

function readOr(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
