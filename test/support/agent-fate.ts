import childProcess from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import net, { type Socket } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * Loaded into a proxy agent by `--import`: kills it at a chosen effect of an apply, as the world outside sees them. The file that
 * AGENT_FATE names says which, such as `after write 1`; it is read when the agent puts the next bundle that it takes on its disk, and
 * effects are counted from there. It is gone once it has come true, so that the agent that is started again lives.
 *
 * decide: what was taken, or how it ended, is written to the state on disk. check: `haproxy -c`. wait: the master is asked whether it is
 * ready. write: HAProxy's file is replaced. reload: the command is sent. prove: HAProxy is asked what it serves. report: the API is told.
 */
type Effect = 'decide' | 'check' | 'wait' | 'write' | 'reload' | 'prove' | 'report';

const fateFile = process.env['AGENT_FATE'] ?? '';
const counts = new Map<string, number>();
let fate: string | null = null;

function reach(moment: 'before' | 'after', effect: Effect): void {
  if (moment === 'before' && effect === 'decide') fate ??= readFate();
  if (fate === null) return;
  const count = times(moment, effect) + 1;
  counts.set(`${moment} ${effect}`, count);
  if (fate !== `${moment} ${effect} ${count}`) return;
  fs.rmSync(fateFile);
  process.kill(process.pid, 'SIGKILL');
}

function readFate(): string | null {
  try {
    return fs.readFileSync(fateFile, 'utf8').trim();
  } catch {
    return null;
  }
}

function times(moment: 'before' | 'after', effect: Effect): number {
  return counts.get(`${moment} ${effect}`) ?? 0;
}

const { renameSync } = fs;
fs.renameSync = (from, to) => {
  const effect = effectOfFile(path.basename(String(to)));
  if (effect !== null) reach('before', effect);
  renameSync(from, to);
  if (effect !== null) reach('after', effect);
};

function effectOfFile(name: string): Effect | null {
  if (name === 'config.json') return 'decide';
  return name === 'haproxy.cfg' ? 'write' : null;
}

const { execFile } = childProcess;
const run = promisify(execFile);
const watched = Object.assign((...args: Parameters<typeof execFile>) => execFile(...args), {
  [promisify.custom]: async (...args: Parameters<typeof run>) => {
    reach('before', 'check');
    try {
      return await run(...args);
    } finally {
      reach('after', 'check');
    }
  },
});
childProcess.execFile = watched as unknown as typeof execFile;

const { connect } = net;
net.connect = ((...args: Parameters<typeof connect>) => {
  const socket = connect(...args);
  if (String(args[0]).endsWith('master.sock')) watchCommands(socket);
  return socket;
}) as typeof connect;

function watchCommands(socket: Socket): void {
  const end = socket.end.bind(socket) as (text: string) => Socket;
  socket.end = ((text: string) => {
    const isReload = text === 'reload\n';
    if (isReload) reach('before', 'reload');
    else if (times('after', 'check') > 0) reach('before', 'wait');
    const ended = end(text);
    if (isReload) reach('after', 'reload');
    return ended;
  }) as typeof socket.end;
}

const { request } = http;
http.request = ((options: http.RequestOptions, ...rest: []) => {
  const isProof = options.socketPath?.endsWith('holdfast-proof.sock') ?? false;
  const isReport = options.path?.endsWith('/config-reports') ?? false;
  if (isProof && times('after', 'reload') > 0) reach('before', 'prove');
  const isOfTheEnd = isReport && times('after', 'decide') > 1;
  if (isOfTheEnd) reach('before', 'report');
  const sent = request(options, ...rest);
  if (isOfTheEnd) sent.once('response', () => reach('after', 'report'));
  return sent;
}) as typeof request;

syncBuiltinESMExports();
