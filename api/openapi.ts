import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** OpenAPI 3.1 from the routes; shared shapes keep their names. */
export const openApi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: '1',
      description:
        'Durable operations. Errors are RFC 9457 problems; every POST carries an Idempotency-Key; long work answers 202 with a Location.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'services', description: 'What can be rolled out' },
      { name: 'canary-rollouts', description: 'Rollouts, commands, decisions, rollback' },
      { name: 'operations', description: 'Runs of every kind and their timelines' },
      { name: 'emergency-stop', description: 'Works with Temporal and every worker dead' },
      { name: 'audit', description: 'Who did what, sealed and signed; proofs and exports' },
      { name: 'notifications', description: 'Who is told of gates and outcomes, and whether it arrived' },
      { name: 'proxies', description: 'The protocol of the proxy agents' },
      { name: 'approvals', description: 'Gates that wait for people' },
      { name: 'access', description: 'Projects, members and API keys' },
      { name: 'health', description: 'Probes' },
    ],
  },
  refResolver: {
    buildLocalReference: (json, _baseUri, _fragment, i) =>
      typeof json.$id === 'string' ? json.$id : `def-${i}`,
  },
};
