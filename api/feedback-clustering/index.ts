import type { ApiDependencies, App } from '../dependencies.ts';
import { registerClusterCommands } from './commands.ts';
import { registerClusterExport } from './export.ts';
import { registerClusterJobs } from './jobs.ts';
import { registerClusteringSettings } from './settings.ts';
import { registerClusters } from './show.ts';

/** Clusters of feedback: what they are, what people do to them, and how they are made. */
export function registerFeedbackClustering(app: App, dependencies: ApiDependencies): void {
  registerClusters(app, dependencies);
  registerClusterExport(app, dependencies);
  registerClusterCommands(app, dependencies);
  registerClusterJobs(app, dependencies);
  registerClusteringSettings(app, dependencies);
}
