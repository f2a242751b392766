import type { FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { inEveryProject, inProject } from '../db/scope.ts';

/** What the handler and all it calls may touch in the database: the project in the path, into which the caller was let. */
export function scopeToProject(
  request: FastifyRequest,
  _reply: unknown,
  done: HookHandlerDoneFunction,
): void {
  inProject((request.params as { project: string }).project, done);
}

/** For routes that belong to no project: proxies and their agents, the list of projects. */
export function scopeToInstallation(_request: unknown, _reply: unknown, done: HookHandlerDoneFunction): void {
  inEveryProject(done);
}

/** For the agent of a proxy: its project's rows alone when its key is of one; that of the embedded stack sees every project's. */
export function scopeToProxy(
  request: Pick<FastifyRequest, 'principal'>,
  _reply: unknown,
  done: HookHandlerDoneFunction,
): void {
  const project = request.principal?.project ?? null;
  if (project === null) inEveryProject(done);
  else inProject(project, done);
}
