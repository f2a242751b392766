import { createSocket, type Socket } from 'node:dgram';
import { latencyBucket, type LatencySketch } from '../domain/latency.ts';
import type { Log } from './log.ts';
import { readLoggedRequest, type LoggedRequest } from './windows/logged-request.ts';

export interface LogListener {
  /** Latencies since the call before, by `backend/server`. */
  take(): ReadonlyMap<string, LatencySketch>;
  close(): void;
}

/** A flood of invented names must not fill the memory. */
const mostServers = 4096;
const retryMs = 5000;
/** What may wait while this process is busy; the kernel gives less where its limit is lower. */
const burstBytes = 4 * 1024 * 1024;

/** Hears HAProxy's log of each request on loopback and counts latencies. Without it everything but latencies goes on. */
export function listenToLog(
  port: number,
  log: Log,
  onRequest: (request: LoggedRequest) => void = () => undefined,
): LogListener {
  let sketches = new Map<string, Record<string, number>>();
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  /** null while it waits to try again. */
  let socket: Socket | null = open();

  function open(): Socket {
    const fresh = createSocket({ type: 'udp4', recvBufferSize: burstBytes });
    fresh.on('message', (message) => count(message.toString('latin1')));
    fresh.on('error', (error) => {
      log('warn', 'cannot hear the log of HAProxy; latencies are missing', { port, reason: error.message });
      fresh.close();
      socket = null;
      if (!closed) retry = setTimeout(() => (socket = open()), retryMs);
    });
    fresh.bind(port, '127.0.0.1');
    return fresh;
  }

  function count(message: string): void {
    const request = readLoggedRequest(message);
    if (!request) return;
    onRequest(request);
    const { backend, server, ms } = request;
    if (ms === null) return;
    const key = `${backend}/${server}`;
    let sketch = sketches.get(key);
    if (!sketch) {
      if (sketches.size >= mostServers) return;
      sketches.set(key, (sketch = {}));
    }
    const bucket = latencyBucket(ms);
    sketch[bucket] = (sketch[bucket] ?? 0) + 1;
  }

  return {
    take() {
      const taken = sketches;
      sketches = new Map();
      return taken;
    },
    close() {
      closed = true;
      clearTimeout(retry);
      socket?.close();
    },
  };
}
