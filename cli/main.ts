import { runCli } from './program.ts';
import { registerStackCommands } from './stack.ts';

const around = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(listener: () => void) {
    process.on('SIGINT', listener);
    return () => void process.off('SIGINT', listener);
  },
};
const code = await runCli(process.argv.slice(2), around, [registerStackCommands]);
// An interrupted or late wait leaves a request open; the process must not hang on it.
if (code === 130 || code === 6) process.exit(code);
if (code !== 0) process.exitCode = code;
