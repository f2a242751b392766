/** Rejects with the signal's reason the moment it is aborted; the task itself goes on until it looks at the signal. */
export async function untilAborted<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([task(), promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
