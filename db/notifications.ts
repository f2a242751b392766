import pg from 'pg';

/** Hears `pg_notify` over one connection of its own and reconnects by itself. A notification lost meanwhile only delays. */
export interface Notifications {
  /** Calls `listener` with each payload. Answers the function that ends it. */
  on(channel: string, listener: (payload: string) => void): () => void;
  close(): Promise<void>;
}

const reconnectMs = 500;

export function createNotifications(url: string): Notifications {
  const listeners = new Map<string, Set<(payload: string) => void>>();
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;

  function connect(): void {
    const fresh = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true });
    client = fresh;
    fresh.on('notification', ({ channel, payload }) => {
      for (const listener of listeners.get(channel) ?? []) listener(payload ?? '');
    });
    fresh.on('error', () => lost(fresh));
    fresh.on('end', () => lost(fresh));
    fresh
      .connect()
      .then(() => Promise.all([...listeners.keys()].map((channel) => listen(fresh, channel))))
      .catch(() => lost(fresh));
  }

  function lost(which: pg.Client): void {
    if (client !== which || closed) return;
    client = null;
    which.end().catch(() => undefined);
    retry = setTimeout(connect, reconnectMs);
  }

  function add(channel: string, listener: (payload: string) => void): void {
    const known = listeners.get(channel);
    if (known) {
      known.add(listener);
      return;
    }
    listeners.set(channel, new Set([listener]));
    const current = client;
    if (current) listen(current, channel).catch(() => lost(current));
  }

  connect();
  return {
    on(channel, listener) {
      add(channel, listener);
      return () => listeners.get(channel)?.delete(listener);
    },
    async close() {
      closed = true;
      if (retry) clearTimeout(retry);
      await client?.end().catch(() => undefined);
    },
  };
}

async function listen(client: pg.Client, channel: string): Promise<void> {
  await client.query(`listen ${pg.escapeIdentifier(channel)}`);
}
