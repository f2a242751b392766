import { defineConfig } from 'vitest/config';

/** The tests that need nothing but this process: no server, no socket, no database. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/domain/**/*.test.ts', 'test/*/domain/**/*.test.ts', 'test/names/*.test.ts'],
    pool: 'threads',
    testTimeout: 30_000,
  },
});
