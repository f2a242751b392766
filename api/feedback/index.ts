import type { ApiDependencies, App } from '../dependencies.ts';
import { registerEdits } from './edits.ts';
import { registerExport } from './export.ts';
import { registerItems } from './items.ts';
import { registerSources } from './sources.ts';
import { registerSubreddits } from './subreddits.ts';
import { registerSync } from './sync.ts';
import { registerUploads } from './uploads.ts';

/** What comes in: reports of people and errors of programs. */
export function registerFeedback(app: App, dependencies: ApiDependencies): void {
  registerItems(app, dependencies);
  registerEdits(app, dependencies);
  registerExport(app, dependencies);
  registerSources(app, dependencies);
  registerSubreddits(app, dependencies);
  registerSync(app, dependencies);
  registerUploads(app, dependencies);
}
