import type { ConfigSimulation } from '../../contracts/config-revision.ts';
import { seenRequests } from '../../db/config-rollout/seen-requests.ts';
import type { Db } from '../../db/connect.ts';
import { heardRequests, type SampledRequest } from '../../domain/config-document/impact.ts';
import type { ShadowConfig } from '../../domain/config-document/shadow-config.ts';
import { OpsError } from '../../domain/errors.ts';

interface SeenByFleet {
  readonly requests: readonly SampledRequest[];
  readonly seen: NonNullable<ConfigSimulation['seen']>;
}

/** What the proxies of an environment have seen, as far as one of the sides listens for it. Throws `invalid-input` when they have told of none. */
export async function seenByFleet(
  db: Db,
  { project, environment }: { project: string; environment: string },
  sides: readonly ShadowConfig[],
): Promise<SeenByFleet> {
  const { requests, span } = await seenRequests(db, project, environment);
  if (span === null) {
    const detail = `are missing, and the proxies of ${environment} have told of none within a day; send some along`;
    throw new OpsError('invalid-input', `the requests ${detail}`, {
      errors: [{ pointer: '/requests', detail }],
    });
  }
  const heard = heardRequests(requests, ...sides);
  const elsewhere = requests.length - heard.length;
  return {
    requests: heard.map((request) => ({ ...request, headers: {} })),
    seen: { from: span.from.toISOString(), to: span.to.toISOString(), elsewhere },
  };
}
