import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigCheck } from './config-check.ts';
import { findingsOf } from './findings.ts';
import { runConfined } from './confined.ts';
import { writeStubs } from './stubs.ts';

const timeoutMs = 20_000;

export interface HaproxyCheckOptions {
  /** The program: a name or a path. */
  readonly haproxy: string;
  /** An existing folder in which each check makes one of its own and removes it. */
  readonly scratch: string;
}

/** `haproxy -c -dW` on the rendered text: warnings count, since they tell of what a person did not mean. */
export function createHaproxyCheck({ haproxy, scratch }: HaproxyCheckOptions): ConfigCheck {
  return {
    async check({ render, references }, signal) {
      const folder = await mkdtemp(join(scratch, 'holdfast-config-check-'));
      try {
        const path = join(folder, 'haproxy.cfg');
        const { text, pointers } = render({
          certificates: folder,
          authorities: folder,
          resolvesNames: false,
          nodeAddress: '127.0.0.1',
          runtimeSocket: null,
          proof: null,
          shadow: null,
        });
        await writeStubs(folder, references);
        await writeFile(path, text, { mode: 0o600 });
        const { code, output } = await runConfined([haproxy, '-c', '-dW', '-f', path], {
          folder,
          timeoutMs,
          signal,
        });
        return code === 0 ? [] : findingsOf(output, path, pointers);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
