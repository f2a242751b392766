import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

/**
 * A closed loop over bare sockets, as a process of its own: `closed-loop-process.ts --port N --mode keep-alive|one-shot
 * [--connections N]`. Each connection sends its next request as soon as the answer is whole. Prints its counts as one JSON line
 * each 200 ms and when SIGTERM ends it. A failure is a request without a whole answer of status 200; a connection that the answer
 * announced to close is none.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    mode: { type: 'string', default: 'keep-alive' },
    connections: { type: 'string', default: '50' },
  },
});
const isKept = values.mode === 'keep-alive';
const request = `GET / HTTP/1.1\r\nHost: x\r\n${isKept ? '' : 'Connection: close\r\n'}\r\n`;
const answerTimeoutMs = 5000;

const counts = { requests: 0, failed: 0, reasons: {} as Record<string, number> };
let isOver = false;
let open = 0;

for (let index = 0; index < Number(values.connections); index += 1) dial();
const ticker = setInterval(print, 200);
process.on('SIGTERM', () => {
  isOver = true;
});

function dial(): void {
  if (isOver) return;
  open += 1;
  const socket = connect({ port: Number(values.port), host: '127.0.0.1', noDelay: true });
  let received = '';
  let isAsked = false;
  let isClosing = false;

  function ask(): void {
    received = '';
    isAsked = true;
    socket.write(request);
  }

  function take(part: string): void {
    received += part;
    const answer = readAnswer(received);
    if (!answer) return;
    isAsked = false;
    isClosing = answer.isLast;
    count(answer.isFine ? null : received.slice(9, 12));
    if (answer.isLast) socket.end();
    else if (isOver) socket.destroy();
    else ask();
  }

  socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error('no answer in time')));
  socket.setEncoding('latin1');
  socket.once('connect', ask);
  socket.on('data', take);
  let reason = 'closed without an answer';
  socket.once('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
  socket.once('close', () => {
    // Between two answers a connection may go for any reason: nothing was asked.
    if (isAsked || (socket.bytesWritten === 0 && !isClosing)) count(reason);
    next(socket);
  });
}

function next(socket: Socket): void {
  open -= 1;
  // A connection that was refused is tried again in a moment, not in a spin.
  if (!isOver) setTimeout(dial, socket.bytesWritten === 0 ? 5 : 0);
  else if (open === 0) {
    clearInterval(ticker);
    print();
  }
}

function readAnswer(text: string): { readonly isFine: boolean; readonly isLast: boolean } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
  if (text.length < end + 4 + length) return null;
  return { isFine: head.startsWith('http/1.1 200'), isLast: head.includes('\r\nconnection: close') };
}

function count(failure: string | null): void {
  counts.requests += 1;
  if (failure === null) return;
  counts.failed += 1;
  counts.reasons[failure] = (counts.reasons[failure] ?? 0) + 1;
}

function print(): void {
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}
