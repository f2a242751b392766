import { together } from '../db/together.ts';

type Answers<Item, Answer> = ReadonlyMap<Item, Answer>;

interface Waiting<Item, Answer> {
  readonly item: Item;
  settle(answers: Answers<Item, Answer>): void;
  fail(error: unknown): void;
}

/**
 * Questions that come in while one is under way are asked together with the next one, within one scope. Alone nobody waits. null where
 * there is no answer for an item.
 */
export function askTogether<Item, Answer>(
  ask: (items: readonly Item[]) => Promise<Answers<Item, Answer>>,
): (item: Item) => Promise<Answer | null> {
  const add = together<Waiting<Item, Answer>>({
    ...{ atOnce: 1, most: 1000, gatherMs: 5 },
    keysOf: () => [],
    async carry(boarded) {
      try {
        const answers = await ask([...new Set(boarded.map(({ item }) => item))]);
        for (const { settle } of boarded) settle(answers);
      } catch (error) {
        for (const { fail } of boarded) fail(error);
      }
    },
  });
  return async (item) => {
    const answers = await new Promise<Answers<Item, Answer>>((settle, fail) => add({ item, settle, fail }));
    return answers.get(item) ?? null;
  };
}
