import { AsyncLocalStorage } from 'node:async_hooks';
import { everyProject } from '../domain/access/roles.ts';

/**
 * Which rows a piece of work may touch; Postgres' row-level security holds to it whatever a query forgets (migration 0008). Travels
 * with the calls, so that no function on the way can widen it by a wrong argument. Set where access is decided: in the API after the
 * caller was let in, in the workers from the workflow's own id.
 */
const scopes = new AsyncLocalStorage<string>();

/** Every statement of `work` sees and writes the rows of this project alone. */
export function inProject<T>(project: string, work: () => T): T {
  // The name that means all of them is no project's: whoever could choose it would be let through the wall.
  if (project === everyProject) throw new Error('every project is no project: see inEveryProject');
  return scopes.run(project, work);
}

/** For what belongs to the installation: looking a key up, agents of proxies, sweeps, metrics. */
export function inEveryProject<T>(work: () => T): T {
  return scopes.run(everyProject, work);
}

/** '' where nobody said which: then Postgres refuses every table of projects. */
export function currentScope(): string {
  return scopes.getStore() ?? '';
}
