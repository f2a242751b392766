import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, LogController, type FastifyHttpOptions, type RawServerDefault } from 'fastify';
import { pino } from 'pino';
import { newId } from './new-id.ts';
import { registerAccess, registerProjects } from './access/index.ts';
import { answerProblem, answerProblems } from './answer-problem.ts';
import { registerAgentOrders, registerAgentUpdates } from './agent-update/index.ts';
import { registerApprovals } from './approval/index.ts';
import { createAuthentication } from './auth.ts';
import { authorize, createGuard } from './authorize.ts';
import { registerCanaryRollouts } from './canary-rollout/index.ts';
import { registerCodec } from './codec.ts';
import { registerAudit } from './audit/index.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { registerConfigRollouts } from './config-rollout/index.ts';
import { registerConfigDocuments } from './config-document/index.ts';
import { watchConnections } from './connections.ts';
import type { ApiDependencies, App } from './dependencies.ts';
import { registerFeedback } from './feedback/index.ts';
import { registerIngest } from './feedback/ingest.ts';
import { registerEmergencyStop } from './emergency-stop.ts';
import { registerFeedbackClustering } from './feedback-clustering/index.ts';
import { registerFlagDocuments } from './flag-document/index.ts';
import { registerExchange, registerFleet } from './fleet/index.ts';
import { registerHealth } from './health.ts';
import { registerMetrics } from './metrics.ts';
import { registerLogWindows } from './log-window/index.ts';
import { registerNotifications } from './notification/index.ts';
import { serverOptions, usualHttpLimits } from './http-limits.ts';
import { openApi } from './openapi.ts';
import { registerOperations } from './operations.ts';
import { registerProjectMetrics } from './project-metrics.ts';
import { requireProject } from './project.ts';
import { refuseMalformed } from './refuse-malformed.ts';
import { registerRunRecord } from './run-record.ts';
import { sharedSchemas } from './schemas.ts';
import { createRefusalLimit, limitRates } from './rate-limit.ts';
import { scopeToProject } from './scope.ts';
import { proxyRoutes } from './proxy.ts';
import { registerProxyConfig } from './proxy-config/index.ts';
import { registerServices } from './services.ts';
import { readStrictJson } from './strict-json.ts';
import { buildValidator } from './validation.ts';

const bodyLimit = 256 * 1024;
const defaultRequestsPerMinute = 6000;

/** The whole API. It opens nothing by itself: the caller listens, or injects requests in a test. */
export async function buildApp(dependencies: ApiDependencies): Promise<App> {
  const limits = { ...usualHttpLimits, ...dependencies.httpLimits };
  const logger = dependencies.logger ?? pino({ level: 'silent' });
  const options: FastifyHttpOptions<RawServerDefault> = {
    ...serverOptions(limits),
    loggerInstance: logger,
    // Both come before any route: what is no request, and what is no path.
    clientErrorHandler: (error, socket) =>
      answerBrokenRequest(error, socket, { log: logger, mayAnswer: connections.mayAnswer(socket) }),
    frameworkErrors: (error, request, reply) => void answerProblem(error, request, reply),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    routerOptions: { maxParamLength: 100 },
    genReqId: newId,
    schemaController: { compilersFactory: { buildValidator } },
  };
  const app: App = fastify(options).withTypeProvider<TypeBoxTypeProvider>();
  const connections = watchConnections(app.server, limits.connections);
  for (const schema of sharedSchemas) app.addSchema(schema);
  answerProblems(app);
  refuseMalformed(app);
  readStrictJson(app);
  await limitRates(app, dependencies.requestsPerMinute ?? defaultRequestsPerMinute);
  const { verifyToken = null } = dependencies;
  const countRefusal = createRefusalLimit(app);
  const authenticate = createAuthentication(dependencies, verifyToken, countRefusal);
  authorize(app, authenticate);
  registerMetrics(app, dependencies);
  await app.register(swagger, openApi);
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { config: { isPublic: true }, schema: { hide: true } }, () => app.swagger());
  registerHealth(app, dependencies);
  proxyRoutes(app, dependencies);
  registerProxyConfig(app, dependencies);
  registerAgentOrders(app, dependencies);
  if (dependencies.codec !== undefined) registerCodec(app, dependencies.codec);
  registerProjects(app, dependencies);
  const guard = createGuard(authenticate, countRefusal);
  registerExchange(app, dependencies, guard);
  await app.register((scope, _options, done) => {
    registerIngest(scope, dependencies, guard);
    done();
  });
  await app.register(
    (scope, _options, done) => {
      requireProject(scope, dependencies.db);
      scope.addHook('preHandler', scopeToProject);
      registerServices(scope, dependencies);
      registerConfigDocuments(scope, dependencies);
      registerFlagDocuments(scope, dependencies);
      registerConfigRollouts(scope, dependencies);
      registerFleet(scope, dependencies);
      registerAgentUpdates(scope, dependencies);
      registerCanaryRollouts(scope, dependencies);
      registerOperations(scope, dependencies);
      registerProjectMetrics(scope, dependencies);
      registerRunRecord(scope, dependencies);
      registerEmergencyStop(scope, dependencies);
      registerAudit(scope, dependencies);
      registerAccess(scope, dependencies);
      registerNotifications(scope, dependencies);
      registerApprovals(scope, dependencies);
      registerFeedbackClustering(scope, dependencies);
      registerFeedback(scope, dependencies);
      registerLogWindows(scope, dependencies);
      done();
    },
    { prefix: '/v1/projects/:project' },
  );
  return app;
}
