import type { ApiDependencies, App } from '../dependencies.ts';
import { registerApiKeys } from './api-keys.ts';
import { registerMembers } from './members.ts';

export { registerProjects } from './projects.ts';

/** Who is what in a project, and with which keys. */
export function registerAccess(app: App, dependencies: ApiDependencies): void {
  registerMembers(app, dependencies);
  registerApiKeys(app, dependencies);
}
