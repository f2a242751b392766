import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Verdict } from './outside-check.ts';

/**
 * Says a verdict when it differs from the last one, also across restarts of the check: once on stderr and, with a webhook, once
 * there. A webhook that does not take it is tried again at the next look.
 */
export async function announce(
  verdict: Verdict,
  { home, webhook, note }: { home: string; webhook: string | null; note: (line: string) => void },
): Promise<void> {
  const file = join(home, 'watchdog.json');
  const before = await readFile(file, 'utf8').catch(() => JSON.stringify({ ok: true, problems: [] }));
  const now = JSON.stringify(verdict);
  if (now === before) return;
  note(verdict.ok ? 'all is well again' : verdict.problems.join('\n'));
  if (webhook !== null && !(await post(webhook, verdict))) {
    note(`the webhook did not take it; it is sent again at the next look`);
    return;
  }
  await mkdir(home, { recursive: true });
  await writeFile(`${file}.${process.pid}`, now);
  await rename(`${file}.${process.pid}`, file);
}

async function post(webhook: string, verdict: Verdict): Promise<boolean> {
  const body = JSON.stringify({ source: 'holdfast doctor', at: new Date().toISOString(), ...verdict });
  const headers = { 'content-type': 'application/json' };
  try {
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(webhook, { method: 'POST', headers, body, signal });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
