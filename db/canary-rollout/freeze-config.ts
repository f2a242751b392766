import type { CanaryConfig, CanaryConfigInput } from '../../contracts/canary-rollout.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Service } from '../../contracts/service.ts';
import { OpsError } from '../../domain/errors.ts';
import type { Db } from '../connect.ts';
import { findProxyConfig } from './proxy-config.ts';

type Target = Pick<Service, 'name' | 'traffic'> & { readonly project: string };

/**
 * What a version comes with, as it stands now: the revision, and what the proxy of the service ran before. Throws `invalid-input` with
 * the remedy when that proxy is not in the environment, or the revision has no room for the service.
 */
export async function freezeConfig(db: Db, service: Target, asked: CanaryConfigInput): Promise<CanaryConfig> {
  const { environment } = asked;
  const base = await baseOf(db, service, environment);
  const { revision, document } = await requireRevision(db, service, asked);
  refuseWithoutBackend(service, revision, document);
  return { environment, revision, base };
}

async function baseOf(
  db: Db,
  { project, name, traffic: { proxy } }: Target,
  environment: string,
): Promise<string | null> {
  const held = await findProxyConfig(db, project, proxy);
  if (held?.environment === environment) return held.revision;
  const where = held === null ? 'is enrolled in no environment' : `is enrolled in ${held.environment}`;
  const remedy =
    held === null
      ? `enrol it first: holdfast proxy enroll ${proxy} --env ${environment}`
      : `name that one: --config-env ${held.environment}`;
  throw refused('environment', `the proxy ${proxy} of ${name} ${where}; ${remedy}`);
}

async function requireRevision(
  db: Db,
  { project }: Target,
  { environment, revision }: CanaryConfigInput,
): Promise<{ revision: string; document: ConfigDocument }> {
  const row = await db
    .selectFrom('config_environment as e')
    .leftJoin('config_revision as r', (join) =>
      join
        .onRef('r.project', '=', 'e.project')
        .onRef('r.environment', '=', 'e.name')
        .on((is) => is('r.revision', '=', revision === undefined ? is.ref('e.head') : is.val(revision))),
    )
    .select(['r.revision', 'r.document'])
    .where('e.project', '=', project)
    .where('e.name', '=', environment)
    .executeTakeFirst();
  if (row?.revision != null && row.document !== null)
    return { revision: row.revision, document: row.document as unknown as ConfigDocument };
  if (revision === undefined)
    throw refused('environment', `${environment} has no configuration yet; write one and name its revision`);
  throw refused(
    'revision',
    `${environment} has no revision ${revision}; see holdfast config history --env ${environment}`,
  );
}

/** Requests would lose their way, and so would the way back. */
function refuseWithoutBackend({ name, traffic }: Target, revision: string, document: ConfigDocument): void {
  const backend = document.backends.find((one) => one.name === traffic.backend);
  if (backend?.steered === true) return;
  const fault = backend === undefined ? 'has no backend' : 'does not leave to rollouts the backend';
  throw refused(
    'revision',
    `the revision ${revision} ${fault} ${traffic.backend}, which serves ${name}; give it that backend with steered: true`,
  );
}

function refused(field: 'environment' | 'revision', why: string): OpsError {
  return new OpsError('invalid-input', why, { errors: [{ pointer: `/config/${field}`, detail: why }] });
}
