import { runCli } from './program.ts';

const code = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
});
// An interrupted wait may leave a request open; the process must not hang on it.
if (code === 130) process.exit(code);
process.exitCode = code;
