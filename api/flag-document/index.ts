import type { ApiDependencies, App } from '../dependencies.ts';
import { registerEvaluation } from './evaluate.ts';
import { registerFlagHead } from './head.ts';

/** Feature flags of an environment, and their evaluation by the OpenFeature Remote Evaluation Protocol. */
export function registerFlagDocuments(app: App, dependencies: ApiDependencies): void {
  registerFlagHead(app, dependencies);
  registerEvaluation(app, dependencies);
}
