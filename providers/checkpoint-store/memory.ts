import { OpsError } from '../../domain/errors.ts';
import type { CheckpointStore, StoredCheckpoint } from './checkpoint-store.ts';

/** The twin for tests: as durable as its process. */
export function createMemoryCheckpointStore(): CheckpointStore {
  const projects = new Map<string, Map<number, string>>();

  function list(project: string): StoredCheckpoint[] {
    const notes = [...(projects.get(project) ?? [])].map(([size, note]) => ({ size, note }));
    return notes.sort((a, b) => a.size - b.size);
  }

  return {
    async append(project, { size, note }) {
      const notes = projects.get(project) ?? new Map<number, string>();
      const before = notes.get(size);
      if (before !== undefined && before !== note) {
        throw new OpsError('conflict', `another checkpoint of ${size} entries of ${project} is there`);
      }
      projects.set(project, notes.set(size, note));
    },
    latest: async (project) => list(project).at(-1) ?? null,
    list: async (project) => list(project),
  };
}
