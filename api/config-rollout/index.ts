import type { ApiDependencies, App } from '../dependencies.ts';
import { registerConfigCommands } from './commands.ts';
import { registerConfigRollback } from './rollback.ts';
import { registerConfigShow } from './show.ts';
import { registerConfigStart } from './start.ts';

/** Everything about config rollouts; documents and environments are at api/config-document, proxies at api/fleet. */
export function registerConfigRollouts(app: App, dependencies: ApiDependencies): void {
  registerConfigStart(app, dependencies);
  registerConfigRollback(app, dependencies);
  registerConfigShow(app, dependencies);
  registerConfigCommands(app, dependencies);
}
