import type { ApiDependencies, App } from '../dependencies.ts';
import { registerCommands } from './commands.ts';
import { registerDecisions } from './decisions.ts';
import { registerRollback } from './rollback.ts';
import { registerShow } from './show.ts';
import { registerStart } from './start.ts';

/** Everything about canary rollouts. */
export function registerCanaryRollouts(app: App, dependencies: ApiDependencies): void {
  registerStart(app, dependencies);
  registerShow(app, dependencies);
  registerCommands(app, dependencies);
  registerDecisions(app, dependencies);
  registerRollback(app, dependencies);
}
