import type { ApiDependencies, App } from '../dependencies.ts';
import { registerEnrollments } from './enrollments.ts';
import { registerFleetProxies } from './fleet.ts';

export { registerExchange } from './exchange.ts';

/** The fleet of a project: invitations and proxies. */
export function registerFleet(app: App, dependencies: ApiDependencies): void {
  registerEnrollments(app, dependencies);
  registerFleetProxies(app, dependencies);
}
