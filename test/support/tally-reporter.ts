import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/** Counts what ran. A file that could not be loaded and an error outside of a test count as failed, too. */
export class TallyReporter implements Reporter {
  passed = 0;
  failed = 0;
  readonly failures: string[] = [];
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
      else if (state === 'failed') this.#countFailed(test);
      else if (this.#skippedIsFailed) this.#countSkipped(test.fullName);
    }
  }

  /** Once more at the very end, in short: whoever sees only the last lines of a long log sees what was wrong. */
  #countFailed(test: TestCase): void {
    const [{ message = '' } = {}] = test.result().errors ?? [];
    this.failures.push(
      `failed: ${test.module.moduleId.replace(`${process.cwd()}/`, '')} > ${test.fullName}\n${message.slice(0, 1500)}`,
    );
    this.count('failed');
  }

  #countSkipped(name: string): void {
    process.stderr.write(`skipped, which counts as failed here: ${name}\n`);
    this.count('failed');
  }
}
