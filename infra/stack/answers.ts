import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { OpsError } from '../../domain/errors.ts';

/** Waits until a GET is answered with 2xx. Throws `unavailable` after `withinMs`, or as soon as `gaveUp` says so. */
export async function untilUrlAnswers(url: string, withinMs: number, gaveUp: () => boolean): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last = 'nothing';
  while (performance.now() < deadline && !gaveUp()) {
    last = await statusOf(url);
    if (last.startsWith('2')) return;
    await delay(50);
  }
  throw new OpsError('unavailable', `${url} does not answer (last: ${last})`);
}

/** The status of a GET as text, or why there was none. Plain http, because the supervisor stays small. */
export function statusOf(url: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2000, agent: false }, (response) => {
      response.resume();
      resolve(String(response.statusCode));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
  });
}

/** Waits until somebody accepts connections on a Unix socket. */
export async function untilSocketAnswers(
  path: string,
  withinMs: number,
  gaveUp: () => boolean,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline && !gaveUp()) {
    if (await accepts(path)) return;
    await delay(50);
  }
  throw new OpsError('unavailable', `nobody listens on ${path}`);
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (yes: boolean) => (): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).setTimeout(1000, answer(false));
  });
}
