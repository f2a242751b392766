import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, LogController, type FastifyHttpOptions, type RawServerDefault } from 'fastify';
import { pino } from 'pino';
import { newId } from './new-id.ts';
import { OpsError } from '../domain/errors.ts';
import { registerAccess, registerProjects } from './access/index.ts';
import { registerApprovals } from './approval.ts';
import { createAuthentication } from './auth.ts';
import { authorize } from './authorize.ts';
import { registerCanaryRollouts } from './canary-rollout/index.ts';
import { registerCodec } from './codec.ts';
import { registerAudit } from './audit/index.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { registerEmergencyStop } from './emergency-stop.ts';
import { registerHealth } from './health.ts';
import { registerMetrics } from './metrics.ts';
import { registerNotifications } from './notification/index.ts';
import { openApi } from './openapi.ts';
import { registerOperations } from './operations.ts';
import { toProblem } from './problem.ts';
import { requireProject } from './project.ts';
import { registerRunRecord } from './run-record.ts';
import { sharedSchemas } from './schemas.ts';
import { createRefusalLimit, limitRates } from './rate-limit.ts';
import { scopeToProject } from './scope.ts';
import { proxyRoutes } from './proxy.ts';
import { registerServices } from './services.ts';
import { buildValidator } from './validation.ts';

const bodyLimit = 256 * 1024;
const defaultRequestsPerMinute = 6000;

/** The whole API. It opens nothing by itself: the caller listens, or injects requests in a test. */
export async function buildApp(dependencies: ApiDependencies): Promise<App> {
  const options: FastifyHttpOptions<RawServerDefault> = {
    loggerInstance: dependencies.logger ?? pino({ level: 'silent' }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    routerOptions: { maxParamLength: 100 },
    genReqId: newId,
    schemaController: { compilersFactory: { buildValidator } },
  };
  const app: App = fastify(options).withTypeProvider<TypeBoxTypeProvider>();
  for (const schema of sharedSchemas) app.addSchema(schema);
  answerProblems(app);
  await limitRates(app, dependencies.requestsPerMinute ?? defaultRequestsPerMinute);
  const { verifyToken = null } = dependencies;
  authorize(app, createAuthentication(dependencies, verifyToken, createRefusalLimit(app)));
  registerMetrics(app, dependencies);
  await app.register(swagger, openApi);
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { config: { isPublic: true }, schema: { hide: true } }, () => app.swagger());
  registerHealth(app, dependencies);
  proxyRoutes(app, dependencies);
  if (dependencies.codec !== undefined) registerCodec(app, dependencies.codec);
  registerProjects(app, dependencies);
  await app.register(
    (scope, _options, done) => {
      requireProject(scope, dependencies.db);
      scope.addHook('preHandler', scopeToProject);
      registerServices(scope, dependencies);
      registerCanaryRollouts(scope, dependencies);
      registerOperations(scope, dependencies);
      registerRunRecord(scope, dependencies);
      registerEmergencyStop(scope, dependencies);
      registerAudit(scope, dependencies);
      registerAccess(scope, dependencies);
      registerNotifications(scope, dependencies);
      registerApprovals(scope, dependencies);
      done();
    },
    { prefix: '/v1/projects/:project' },
  );
  return app;
}

function answerProblems(app: App): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error, { instance: pathOf(request.url), requestId: request.id });
    if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
    if (problem.retryAfterSeconds !== undefined) {
      void reply.header('retry-after', String(Math.ceil(problem.retryAfterSeconds)));
    }
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  app.setNotFoundHandler((request) => {
    throw new OpsError('not-found', `there is no ${request.method} ${pathOf(request.url)}; see /docs`);
  });
}

/** Without the query, which may hold what nobody should have sent. */
function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
