import type { ApiDependencies, App } from '../dependencies.ts';
import { registerIngest } from './ingest.ts';
import { registerList } from './list.ts';

/** Log lines in, counts by kind and window of time out. */
export function registerLogWindows(app: App, dependencies: ApiDependencies): void {
  registerList(app, dependencies);
  // In a scope of its own: no other route takes lines of JSON.
  void app.register((scope, _options, done) => {
    registerIngest(scope, dependencies);
    done();
  });
}
