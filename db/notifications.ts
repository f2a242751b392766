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
  /** One statement after the other: a client takes no second one while it is at the first. */
  let turn: Promise<unknown> = Promise.resolve();

  function connect(): void {
    const fresh = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, keepAlive: true });
    client = fresh;
    fresh.on('notification', ({ channel, payload }) => {
      for (const listener of listeners.get(channel) ?? []) listener(payload ?? '');
    });
    fresh.on('error', () => lost(fresh));
    fresh.on('end', () => lost(fresh));
    turn = fresh.connect().catch(() => lost(fresh));
    for (const channel of listeners.keys()) listen(fresh, channel);
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
    if (client) listen(client, channel);
  }

  function listen(which: pg.Client, channel: string): void {
    turn = turn
      .then(() => (client === which ? which.query(`listen ${pg.escapeIdentifier(channel)}`) : undefined))
      .catch(() => lost(which));
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
