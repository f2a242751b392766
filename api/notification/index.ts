import type { ApiDependencies, App } from '../dependencies.ts';
import { registerChannels } from './channels.ts';
import { registerDeliveries } from './deliveries.ts';

/** Who is told of what, and whether it arrived. */
export function registerNotifications(app: App, dependencies: ApiDependencies): void {
  registerChannels(app, dependencies);
  registerDeliveries(app, dependencies);
}
