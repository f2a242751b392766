import type { Operation, OperationEvent } from '../contracts/operation.ts';
import type { Cli } from './context.ts';
import { CliError, exitCodes } from './exit.ts';

const reconnectMs = 1000;
const patience = 60;

/**
 * Follows a timeline until the operation has closed and answers it. It reconnects where it broke off, so that a restart of the API
 * loses no event.
 */
export async function followEvents(
  cli: Cli,
  id: string,
  onEvent: (event: OperationEvent) => void,
  options: { after?: number } = {},
): Promise<Operation> {
  let seq = options.after ?? 0;
  for (let failures = 0; ;) {
    try {
      for await (const message of messages(cli, id, seq)) {
        failures = 0;
        if (message.event === 'closed') return JSON.parse(message.data) as Operation;
        const event = JSON.parse(message.data) as OperationEvent;
        seq = event.seq;
        onEvent(event);
      }
    } catch (error) {
      if (error instanceof CliError && error.exitCode !== exitCodes.failed) throw error;
      failures += 1;
      if (failures === 1) cli.out.note('the API does not answer; waiting for it, the run goes on');
      if (failures > patience) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectMs));
  }
}

interface Message {
  readonly event: string;
  readonly data: string;
}

/** Server-sent events as the API writes them: LF ends, one data line. */
async function* messages(cli: Cli, id: string, after: number): AsyncGenerator<Message> {
  const path = cli.path(`operations/${encodeURIComponent(id)}/events/stream`);
  const body = await cli.api.stream(path, { accept: 'text/event-stream', 'last-event-id': String(after) });
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${rest}${chunk}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const message = parse(block);
      if (message !== null) yield message;
    }
  }
}

function parse(block: string): Message | null {
  const lines = block.split('\n');
  const valueOf = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const data = valueOf('data');
  return data === undefined ? null : { event: valueOf('event') ?? 'message', data };
}
