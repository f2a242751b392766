import { createSocket } from 'node:dgram';
import { latencyBucket, type LatencySketch } from '../domain/latency.ts';
import type { Log } from './log.ts';

export interface LogListener {
  /** Latencies since the call before, by `backend/server`. */
  take(): ReadonlyMap<string, LatencySketch>;
  close(): void;
}

/** `%Ta` in milliseconds: from the request's first byte to the answer's last; -1 when it was cut off. */
const line = /\[holdfast b="([^"]*)" s="([^"]*)" t="\+?(\d+)"\]/;
/** A flood of invented names must not fill the memory. */
const mostServers = 4096;
const retryMs = 5000;

/** Hears HAProxy's log of each request on loopback and counts latencies. Without it everything but latencies goes on. */
export function listenToLog(port: number, log: Log): LogListener {
  let sketches = new Map<string, Record<string, number>>();
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let socket = open();

  function open(): ReturnType<typeof createSocket> {
    const fresh = createSocket('udp4');
    fresh.on('message', (message) => count(message.toString('latin1')));
    fresh.on('error', (error) => {
      log('warn', 'cannot hear the log of HAProxy; latencies are missing', { port, reason: error.message });
      fresh.close();
      if (!closed) retry = setTimeout(() => (socket = open()), retryMs);
    });
    fresh.bind(port, '127.0.0.1');
    return fresh;
  }

  function count(message: string): void {
    const [, backend, server, ms] = line.exec(message) ?? [];
    if (ms === undefined) return;
    const key = `${backend}/${server}`;
    let sketch = sketches.get(key);
    if (!sketch) {
      if (sketches.size >= mostServers) return;
      sketches.set(key, (sketch = {}));
    }
    const bucket = latencyBucket(Number(ms));
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
      socket.close();
    },
  };
}
