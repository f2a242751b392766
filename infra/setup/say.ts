/** Set-up talks on stderr: stdout belongs to the command that called it. */
export function say(line: string): void {
  process.stderr.write(`setup: ${line}\n`);
}
