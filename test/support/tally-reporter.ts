import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Counts what ran. A file that could not be loaded and an error outside of a test count as failed, too. */
export class TallyReporter implements Reporter {
  passed = 0;
  failed = 0;
  readonly #skippedIsFailed: boolean;

  constructor(skippedIsFailed: boolean) {
    this.#skippedIsFailed = skippedIsFailed;
  }

  count(outcome: 'passed' | 'failed'): void {
    this[outcome] += 1;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const module of modules) this.#countModule(module);
    this.failed += unhandled.length;
    if (modules.length === 0) this.failed += 1;
  }

  #countModule(module: TestModule): void {
    this.failed += module.errors().length;
    for (const suite of module.children.allSuites()) this.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') this.count('passed');
      else if (state === 'failed') this.count('failed');
      else if (this.#skippedIsFailed) this.#countSkipped(test.fullName);
    }
  }

  #countSkipped(name: string): void {
    process.stderr.write(`skipped, which counts as failed here: ${name}\n`);
    this.count('failed');
  }
}
