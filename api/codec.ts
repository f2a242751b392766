import type { PayloadCodec } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { OpsError } from '../domain/errors.ts';
import { payloadFromJson, payloadToJson } from '../payload-codec/json-payload.ts';
import { registerCodecLogin } from './codec-login.ts';
import type { App } from './dependencies.ts';
import type { MayDecode } from './may-decode.ts';

export interface CodecServer {
  readonly codec: PayloadCodec;
  readonly namespace: string;
  readonly mayDecode: MayDecode;
  /** The Temporal UI; pages of no other origin may call. null: none may. */
  readonly uiUrl: string | null;
}

const bodyLimit = 8 * 1024 * 1024;

const JsonPayload = Type.Object({
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  data: Type.Optional(Type.String()),
});
const Payloads = Type.Object({ payloads: Type.Optional(Type.Array(JsonPayload, { maxItems: 10_000 })) });

/** Temporal's codec protocol: `POST /codec/<namespace>/decode` and `/encode`, for its UI and its CLI, for those who may see it. */
export function registerCodec(app: App, server: CodecServer): void {
  const origin = server.uiUrl === null ? null : new URL(server.uiUrl).origin;
  registerCodecLogin(app, server);
  for (const verb of ['encode', 'decode'] as const) {
    const path = `/codec/:namespace/${verb}`;
    app.options(path, { config: { isPublic: true }, schema: { hide: true } }, (request, reply) => {
      allowOrigin(request, reply, origin);
      return reply.code(204).send();
    });
    app.post(
      path,
      {
        bodyLimit,
        // It has a key of its own: what it opens belongs to every project.
        config: { isPublic: true },
        schema: { hide: true, params: Type.Object({ namespace: Type.String() }), body: Payloads },
        // Before the body is read: a stranger's megabytes are not parsed.
        onRequest: (request, reply, done) => {
          allowOrigin(request, reply, origin);
          refuseStranger(request, server);
          done();
        },
      },
      async (request) => {
        const payloads = (request.body.payloads ?? []).map(payloadFromJson);
        return { payloads: (await server.codec[verb](payloads)).map(payloadToJson) };
      },
    );
  }
}

/** A browser says which page asks; who is no browser says nothing and has no cookies to be misused. */
function allowOrigin(request: FastifyRequest, reply: FastifyReply, allowed: string | null): void {
  const { origin } = request.headers;
  void reply.header('vary', 'origin');
  if (origin === undefined) return;
  if (origin !== allowed)
    throw new OpsError('forbidden', `pages of ${origin.slice(0, 100)} may not use the codec server`);
  void reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'authorization, content-type, x-namespace',
    'access-control-max-age': '600',
  });
}

function refuseStranger(request: FastifyRequest, { mayDecode, namespace }: CodecServer): void {
  if (!mayDecode(request))
    throw new OpsError('unauthenticated', 'the codec server needs a bearer key; see docs/secrets.md');
  const { namespace: named } = request.params as { namespace: string };
  const stated = request.headers['x-namespace'] ?? named;
  if (named !== namespace || stated !== namespace)
    throw new OpsError('not-found', 'this codec server opens payloads of one namespace, not of that one');
}
