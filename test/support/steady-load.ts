import { connect, type Socket } from 'node:net';

export interface SteadyLoad {
  /** Answers of status 200 up to now, and requests that had none, with why. */
  counts(): { readonly answered: number; readonly failures: readonly string[] };
  stop(): Promise<void>;
}

interface Options {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly connections?: number;
  /** From an answer to the next request on the same connection. */
  readonly paceMs?: number;
}

/** HAProxy answers within milliseconds; this is for the machine. */
const answerTimeoutMs = 15_000;

/**
 * Keep-alive requests over bare sockets, each sent when the one before is answered. Nothing is sent twice: a request without a whole
 * answer of status 200 is a failure, but for a connection that its last answer announced to close.
 */
export function startSteadyLoad({
  host,
  port,
  path = '/',
  connections = 4,
  paceMs = 50,
}: Options): SteadyLoad {
  const request = `GET ${path} HTTP/1.1\r\nHost: load\r\n\r\n`;
  const open = new Set<Socket>();
  const failures: string[] = [];
  let answered = 0;
  let isOver = false;

  function dial(): void {
    if (isOver) return;
    const socket = connect({ host, port, noDelay: true });
    let received = '';
    let isAsked = true;
    let isLast = false;
    let reason = 'closed without an answer';
    open.add(socket);
    const ask = (): void => {
      received = '';
      isAsked = true;
      socket.write(request);
    };
    socket.setEncoding('latin1');
    socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error('no answer in time')));
    socket.once('connect', ask);
    socket.on('data', (part: string) => {
      received += part;
      const answer = readAnswer(received);
      if (answer === null) return;
      isAsked = false;
      isLast = answer.isLast;
      if (answer.status === '200') answered += 1;
      else failures.push(`${new Date().toISOString()} ${host}: status ${answer.status}`);
      if (isLast || isOver) return void socket.end();
      setTimeout(() => (isOver ? socket.end() : ask()), paceMs);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
    socket.once('close', () => {
      open.delete(socket);
      if (isAsked && !isOver) failures.push(`${new Date().toISOString()} ${host}: ${reason}`);
      setTimeout(dial, isLast ? 0 : paceMs);
    });
  }

  for (let index = 0; index < connections; index += 1) dial();
  return {
    counts: () => ({ answered, failures: [...failures] }),
    async stop() {
      isOver = true;
      const gone = [...open].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of open) socket.destroy();
      await Promise.all(gone);
    },
  };
}

function readAnswer(text: string): { readonly status: string; readonly isLast: boolean } | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
  if (text.length < end + 4 + length) return null;
  return { status: head.slice(9, 12), isLast: head.includes('\r\nconnection: close') };
}
