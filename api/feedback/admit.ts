import type { FastifyRequest } from 'fastify';
import type { SourceSpec } from '../../db/feedback/source.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Connector } from '../../domain/feedback/connectors/connector.ts';
import { connectors } from '../../domain/feedback/connectors/index.ts';
import type { Guard } from '../authorize.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { findKnownSource } from './known-sources.ts';
import { proofFault } from './proof.ts';

export interface Admitted {
  readonly spec: SourceSpec;
  readonly connector: Connector;
}

/**
 * Lets a delivery in: by an API key with feedback:write, or by the secret of its source. To whoever has no key, a source that takes keys
 * only looks like one that is not there. Throws `unauthenticated`, `forbidden`, `not-found`, `conflict`.
 */
export async function admit(
  request: FastifyRequest,
  { project, source, raw }: { project: string; source: string; raw: Buffer },
  { db, secrets, guard }: Pick<ApiDependencies, 'db' | 'secrets'> & { guard: Guard },
): Promise<Admitted> {
  const spec = await findKnownSource(db, project, source);
  const connector = spec === null ? null : connectors[spec.kind];
  if (spec?.secret == null || connector === null || hasKey(request)) {
    await guard.require(request, 'feedback:write');
  } else {
    const secret = await readSecret(secrets, spec.secret);
    const fault = proofFault(connector.proof, {
      ...{ headers: singleHeaders(request), raw, secret, now: Date.now() },
    });
    if (fault !== null) {
      await guard.countRefusal(request);
      throw new OpsError('unauthenticated', `the delivery is not let in: ${fault}`);
    }
  }
  if (spec === null)
    throw new OpsError(
      'not-found',
      `there is no feedback source ${source}: holdfast feedback sources set ${source}`,
    );
  if (connector === null)
    throw new OpsError('conflict', `the source ${source} polls ${spec.kind}; nothing can be delivered to it`);
  if (!spec.enabled)
    throw new OpsError('conflict', `the source ${source} is switched off: switch it on, then send it again`);
  return { spec, connector };
}

/** A header that came twice as Node joins it, or the last of a list. */
export function singleHeaders({ headers }: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value]),
  );
}

function hasKey({ headers }: FastifyRequest): boolean {
  return /^bearer hf_/i.test(headers.authorization ?? '');
}

async function readSecret(secrets: ApiDependencies['secrets'], reference: string): Promise<string> {
  if (secrets === undefined)
    throw new OpsError('unavailable', 'this API reads no secrets; start it with a reader of secrets');
  try {
    return await secrets.read(reference);
  } catch (error) {
    // Whoever asks has proved nothing yet: where the secret should be is not told.
    throw new OpsError(
      'unavailable',
      'the secret of this source cannot be read where the API runs; set it there',
      {},
      error,
    );
  }
}
