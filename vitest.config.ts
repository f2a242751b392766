import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Forks: native modules of the Temporal SDK, and a crash in one file stays in it.
    pool: 'forks',
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    // How long a test may wait for something to come about; that it comes fast is asserted where it matters.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
    provide: { long: false },
  },
});
