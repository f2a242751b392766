import { randomUUID } from 'node:crypto';

export interface ApiAccess {
  readonly base: string;
  readonly key: string;
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the project. */
  readonly route: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the API about the project `default`; throws the problem it answers. */
export async function askApi<T>(
  { base, key }: ApiAccess,
  { method, route, body, headers }: ApiCall,
): Promise<T> {
  const response = await fetch(`${base}/v1/projects/default${route}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      authorization: `Bearer ${key}`,
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
