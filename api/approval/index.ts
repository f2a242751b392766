import type { ApiDependencies, App } from '../dependencies.ts';
import { registerBreakGlass } from './break-glass.ts';
import { registerDecisions } from './decisions.ts';
import { registerGroups } from './groups.ts';
import { registerInbox } from './inbox.ts';

/** What waits for people, their answers, and the groups they are in. */
export function registerApprovals(app: App, dependencies: ApiDependencies): void {
  registerInbox(app, dependencies);
  registerDecisions(app, dependencies);
  registerBreakGlass(app, dependencies);
  registerGroups(app, dependencies);
}
