import type { ApiDependencies, App } from '../dependencies.ts';
import { createConfigTools } from './config-tools.ts';
import { registerDiff } from './diff.ts';
import { registerEnvironments } from './environments.ts';
import { registerHead } from './head.ts';
import { registerHistory } from './history.ts';
import { registerImport } from './import.ts';
import { registerMerge } from './merge.ts';
import { registerPreview } from './preview.ts';
import { registerSimulation } from './simulate.ts';

/** Environments and their configuration documents; nothing here changes a proxy. */
export function registerConfigDocuments(app: App, dependencies: ApiDependencies): void {
  const tools = createConfigTools(dependencies);
  registerEnvironments(app, dependencies);
  registerHead(app, dependencies, tools);
  registerHistory(app, dependencies);
  registerDiff(app, dependencies);
  registerPreview(app, dependencies, tools);
  registerMerge(app, dependencies);
  registerImport(app);
  registerSimulation(app, dependencies, tools);
}
