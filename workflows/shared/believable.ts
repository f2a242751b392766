/**
 * Anyone may complete a running activity from Temporal's UI or CLI, with any result. One that cannot be read would fail the workflow
 * task for ever; it is not believed, and the step is done again: every activity is idempotent.
 */
export function believable<A extends object>(
  activities: A,
  isReadable: ReadableResults<A>,
  onUnbelieved: (step: string) => void = () => undefined,
): A {
  return new Proxy(activities, {
    get: (hands, name) => {
      const step = Reflect.get(hands, name) as (...input: unknown[]) => Promise<unknown>;
      const isRead = isReadable[name as keyof A] ?? (() => true);
      return async (...input: unknown[]) => {
        for (;;) {
          const result = await step(...input);
          if (isRead(result)) return result;
          onUnbelieved(String(name));
        }
      };
    },
  });
}

export type ReadableResults<A> = { readonly [Name in keyof A]?: (result: unknown) => boolean };
