import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** One page of a headless Chromium, steered by its DevTools protocol. */
export interface Page {
  open(url: string): Promise<void>;
  /** The value of an expression in the page; promises are awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is true in the page; answers whether it became so. */
  becomes(expression: string): Promise<boolean>;
  /** Statuses of answers whose address ends so, in the order in which they came. */
  statusesOf(ending: string): number[];
  close(): Promise<void>;
}

const limitMs = 60_000;
const quiet = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `profile` is a new, empty folder; the caller removes it. */
export async function startBrowser(binary: string, profile: string): Promise<Page> {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const args = [
    '--headless',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    ...asRoot,
    ...quiet,
    'about:blank',
  ];
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await portOf(child.stderr);
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await once(socket, 'open');
  const waiting = new Map<number, (answer: Answer) => void>();
  const answers: { url: string; status: number }[] = [];
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    if (message.method === 'Network.responseReceived' && message.params)
      answers.push(message.params.response);
  });
  let calls = 0;
  const call = (method: string, params: object = {}): Promise<Answer> =>
    new Promise((resolve) => {
      calls += 1;
      waiting.set(calls, resolve);
      socket.send(JSON.stringify({ id: calls, method, params }));
    });
  await call('Network.enable');
  await call('Page.enable');

  async function evaluate(expression: string): Promise<unknown> {
    const { result } = await call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    return result?.result?.value;
  }

  return {
    evaluate,
    async open(url) {
      await call('Page.navigate', { url });
    },
    async becomes(expression) {
      for (const end = performance.now() + limitMs; performance.now() < end; await delay(200))
        if ((await evaluate(expression)) === true) return true;
      return false;
    },
    statusesOf: (ending) => answers.filter(({ url }) => url.endsWith(ending)).map(({ status }) => status),
    async close() {
      socket.close();
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

interface Answer {
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

interface Message extends Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly response: { readonly url: string; readonly status: number } };
}

async function portOf(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error('the browser did not start');
}
