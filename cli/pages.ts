import type { Cli } from './context.ts';

interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

const itemsAtOnce = 200;

/** Every item of a listing, a page at a time; who has enough stops. */
export async function* pagesOf<T>(cli: Cli, path: string, query: Query = {}): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await cli.api.get<Page<T>>(path, { limit: itemsAtOnce, ...query, cursor });
    yield* page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** The first so many items of a listing. */
export async function firstOf<T>(cli: Cli, path: string, limit: number, query: Query = {}): Promise<T[]> {
  const items: T[] = [];
  if (limit === 0) return items;
  for await (const item of pagesOf<T>(cli, path, { ...query, limit: Math.min(limit, itemsAtOnce) })) {
    items.push(item);
    if (items.length === limit) break;
  }
  return items;
}
