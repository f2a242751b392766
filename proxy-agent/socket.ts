import { connect } from 'node:net';
import { OpsError } from '../domain/errors.ts';

/** Sends one line to HAProxy and answers what it says. */
export type Ask = (line: string) => Promise<string>;

const longestAnswer = 64 * 1024 * 1024;

/**
 * One connection for each line: a kept one would go on talking to the old worker after a reload. Half-closing tells the master
 * socket, which would wait for more, that this is all. Throws `unavailable`.
 */
export function socketAt(path: string, timeoutMs = 2000): Ask {
  return (line) =>
    new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let size = 0;
      const socket = connect(path);
      const timer = setTimeout(() => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      socket.once('connect', () => socket.end(`${line}\n`));
      socket.on('data', (part: Buffer) => {
        size += part.length;
        if (size > longestAnswer) socket.destroy(new Error('the answer is too long'));
        else parts.push(part);
      });
      socket.once('end', () => {
        clearTimeout(timer);
        resolve(Buffer.concat(parts).toString('utf8'));
      });
      socket.once('error', (cause) => {
        clearTimeout(timer);
        reject(new OpsError('unavailable', `HAProxy's socket ${path}: ${cause.message}`, {}, cause));
      });
    });
}
