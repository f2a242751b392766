/** Runs the tasks of one id after each other, those of different ids at once. */
export function oneAtATime(): <T>(id: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (id, task) => {
    const mine = (last.get(id) ?? Promise.resolve()).then(task, task);
    last.set(id, mine);
    try {
      return await mine;
    } finally {
      if (last.get(id) === mine) last.delete(id);
    }
  };
}
