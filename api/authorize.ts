import type { FastifyRequest } from 'fastify';
import { allows, permissions, type Permission, type Principal, type Role } from '../domain/access/roles.ts';
import { OpsError } from '../domain/errors.ts';
import type { App } from './dependencies.ts';
import { refuseSecretInUrl } from './secret-in-url.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be allowed to do; a route has this or `isPublic`, else the API does not start. */
    needs?: Permission | 'nothing-more';
    isPublic?: true;
  }
}

/**
 * Authenticates every request and refuses what the table of roles does not allow, before its body is read. Deny by default: a route
 * that says neither what it needs nor that it is public stops the start.
 */
export function authorize(app: App, authenticate: (request: FastifyRequest) => Promise<Principal>): void {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', ({ url, method, config, schema }) => {
    if (config?.needs !== undefined) {
      Object.assign(schema ?? {}, { 'x-needs': config.needs, description: describe(config.needs) });
      return;
    }
    if (config?.isPublic === true || isDocs(url)) return;
    throw new Error(`${String(method)} ${url} does not say what it needs (config.needs)`);
  });
  app.addHook('onRequest', async (request) => {
    refuseSecretInUrl(request);
    const { needs, isPublic } = request.routeOptions.config;
    if (isPublic === true || isDocs(request.routeOptions.url ?? '')) return;
    const principal = await authenticate(request);
    request.principal = principal;
    // No such route: its own answer, for those who may ask at all.
    if (needs === undefined || needs === 'nothing-more') return;
    refuse(principal, needs, request.params as Params);
  });
}

/** For routes that are public because something else than a key may let somebody in. */
export interface Guard {
  /** As the routes that say what they need. */
  require(request: FastifyRequest, needs: Permission): Promise<void>;
  /** Throws `rate-limited` in place of the refusal once an address was refused too often. */
  countRefusal(request: FastifyRequest): Promise<void>;
}

export function createGuard(
  authenticate: (request: FastifyRequest) => Promise<Principal>,
  countRefusal: (request: FastifyRequest) => Promise<void>,
): Guard {
  return {
    countRefusal,
    async require(request, needs) {
      request.principal = await authenticate(request);
      refuse(request.principal, needs, request.params as Params);
    },
  };
}

interface Params {
  readonly project?: string;
  readonly proxy?: string;
}

function refuse(principal: Principal, needs: Permission, { project, proxy }: Params): void {
  if (needs === 'proxy:speak') {
    if (speaksFor(principal, proxy ?? '')) return;
    throw forbidden(`only the key of the agent of proxy ${proxy} may speak for it`);
  }
  if (allows(principal, needs, project ?? null)) return;
  const where = project === undefined ? 'in the whole installation' : `in project ${project}`;
  const roles: readonly Role[] = permissions[needs];
  const narrow =
    principal.scopes === null && principal.project === null ? '' : ', and a key that is not narrower';
  throw forbidden(
    `${principal.id} may not ${needs} ${where}: it takes the role ${roles.join(' or ')}${narrow}`,
  );
}

/** An agent's key names its proxy, so that one agent cannot speak for another. */
function speaksFor(principal: Principal, proxy: string): boolean {
  return principal.kind === 'proxy' && (principal.scopes?.includes(`proxy:${proxy}`) ?? false);
}

function describe(needs: Permission | 'nothing-more'): string {
  if (needs === 'nothing-more') return 'For everyone with a key.';
  if (needs === 'proxy:speak') return "For the key of this proxy's agent.";
  return `Needs \`${needs}\`: role ${permissions[needs].join(', ')}.`;
}

function forbidden(message: string): OpsError {
  return new OpsError('forbidden', message);
}

/** The documentation tells nothing of this installation. */
function isDocs(url: string): boolean {
  return url === '/docs' || url.startsWith('/docs/');
}
