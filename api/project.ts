import type { Db } from '../db/connect.ts';
import { projectExists } from '../db/project.ts';
import { inProject } from '../db/scope.ts';
import { OpsError } from '../domain/errors.ts';
import type { App } from './dependencies.ts';

/** Refuses requests under a project that does not exist. Projects are never deleted, so one look at each is enough. */
export function requireProject(app: App, db: Db): void {
  const known = new Set<string>();
  app.addHook('preValidation', async (request) => {
    const { project } = request.params as { project: string };
    if (known.has(project)) return;
    if (!(await inProject(project, () => projectExists(db, project)))) {
      throw new OpsError(
        'not-found',
        `there is no project ${project}; the one made by the set-up is: default`,
      );
    }
    known.add(project);
  });
}
