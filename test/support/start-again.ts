import { createProcessRuntime } from '../../providers/runtime/process.ts';
import type { InstanceSpec } from '../../providers/runtime/runtime.ts';

/** A worker that starts and stops one instance as long as its parent lives, to be killed at a bad moment: `start-again.ts HOME SPEC`. */
const [home = '', spec = ''] = process.argv.slice(2);
const instance = JSON.parse(spec) as InstanceSpec;
const runtime = createProcessRuntime({ home, env: process.env });
const parent = process.ppid;
while (process.ppid === parent) {
  try {
    await runtime.start(instance, new AbortController().signal);
    process.stdout.write('started\n');
    await runtime.stop(instance.id, 1000);
  } catch (error) {
    // Another one that does the same was faster.
    if ((error as { code?: string }).code !== 'unavailable') throw error;
  }
}
