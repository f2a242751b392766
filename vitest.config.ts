import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const long = /\/(crash|stack|readme|demo|secrets|agent-update|corpus|end-to-end|replay)\//;

/** The longest files first, so that the run does not end with one of them alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = (file: TestSpecification): boolean => long.test(file.moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Forks: native modules of the Temporal SDK, and a crash in one file stays in it.
    pool: 'forks',
    // More than there are cores here: most of a file's time it waits for timers and other processes.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    // How long a test may wait for something to come about; that it comes fast is asserted where it matters.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
    provide: { long: false },
  },
});
