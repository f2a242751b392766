import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Cli } from '../context.ts';
import { integerOf } from '../flags.ts';

interface Flags {
  readonly output?: string;
  readonly after: string;
}

export async function exportAudit(cli: Cli, _args: readonly string[], flags: Flags): Promise<void> {
  const after = integerOf('--after', flags.after);
  const body = await cli.api.stream(cli.path(`audit/export?after=${after}`), {});
  if (flags.output !== undefined) {
    await pipeline(body, createWriteStream(flags.output));
    return;
  }
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) cli.out.raw(chunk);
}
