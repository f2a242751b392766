import { cancellationSignal } from '@temporalio/activity';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { openRolloutFacts } from '../../db/canary-rollout/facts.ts';
import { configOf } from '../../db/canary-rollout/config-order.ts';
import { openConfigRolloutFacts } from '../../db/config-rollout/facts.ts';
import { readDocument, type RevisionKey } from '../../db/config-rollout/document.ts';
import { seenRequests } from '../../db/config-rollout/seen-requests.ts';
import { environmentSettings } from '../../db/config-rollout/settings.ts';
import {
  heardRequests,
  impactOf,
  type Impact,
  type SampledRequest,
} from '../../domain/config-document/impact.ts';
import { impactText } from '../../domain/config-document/impact-text.ts';
import { configProblems } from '../../domain/config-document/policy.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { shadowConfigs, type ShadowConfig } from '../../domain/config-document/shadow-config.ts';
import { tlsReferences } from '../../domain/config-document/tls-references.ts';
import { requestsToAsk, unmetExpectations } from '../../domain/config-rollout/expectations.ts';
import { OpsError } from '../../domain/errors.ts';
import { withHeartbeat } from '../shared/heartbeats.ts';
import type { OperationRef } from '../shared/operation-records.ts';
import type { ConfigRolloutTools } from './index.ts';

const mostTold = 5;
/** The newest that the fleet has seen: no rollout waits longer for what only tells. */
const mostTried = 1000;

interface Asked extends RevisionKey {
  /** What runs now; null: nothing of ours. */
  readonly base: string | null;
}

export function createValidation({ db, configCheck, shadowRun }: ConfigRolloutTools) {
  /**
   * Asks once more before the first proxy is touched: the policy of now, the proxy's own check, and a real proxy beside the fleet that
   * must answer what the environment expects. The agents check again with the files of their nodes. Throws `invalid-input`.
   */
  async function validateRevision({ operationId }: OperationRef): Promise<{ summary: string }> {
    return validate(await openConfigRolloutFacts(db, operationId));
  }

  /** The same of the revision that comes with a version. */
  async function validateReleaseConfig({ operationId }: OperationRef): Promise<{ summary: string }> {
    const facts = await openRolloutFacts(db, operationId);
    return validate({ project: facts.project, ...configOf(facts) });
  }

  async function validate({ project, environment, revision, base }: Asked): Promise<{ summary: string }> {
    const document = await readDocument(db, { project, environment, revision });
    refuse(
      'the policy',
      configProblems(document).map(({ pointer, detail }) => `${pointer} ${detail}`),
    );
    const { expectations = [] } = await environmentSettings(db, project, environment);
    const [, config] = shadowConfigs(document, document);
    const asked = requestsToAsk(document, expectations);
    // At the same time, since the fleet waits for all of them.
    const [found, answered, impact] = await Promise.allSettled([
      findings(document),
      shadowRun.replay(config, asked, cancellationSignal()),
      base === null ? null : impactOn({ project, environment, revision: base }, document),
    ]);
    if (found.status === 'rejected') throw found.reason;
    refuse('haproxy -c', found.value);
    if (answered.status === 'rejected') throw answered.reason;
    refuse('what the environment expects', unmetExpectations(expectations, answered.value));
    if (impact.status === 'rejected') throw impact.reason;
    const valid = `valid: policy, haproxy -c, and ${countOf(asked)} to a proxy beside the fleet`;
    return { summary: [valid, impact.value].filter((part) => part !== null).join('; ') };
  }

  /** What it would do to requests that the fleet has seen lately: told, and for people to judge, since a change is there to change something. */
  async function impactOn(base: RevisionKey, after: ConfigDocument): Promise<string> {
    const { requests } = await seenRequests(db, base.project, base.environment);
    const sides = shadowConfigs(await readDocument(db, base), after);
    const heard = heardRequests(requests, ...sides)
      .slice(0, mostTried)
      .map((request) => ({ ...request, headers: {} }));
    if (heard.length === 0) return 'the fleet has told of no request lately that it could be tried on';
    const impacts = await impactsOn(heard, sides);
    if (typeof impacts === 'string') return impacts;
    const what = impacts.length === 0 ? '' : `: ${impactText(impacts)}`;
    return `of ${countOf(heard)} that the fleet has seen ${impacts.length} would be answered otherwise${what}`;
  }

  /** Why not, when it cannot be told: what does not run any more must not keep what mends it from being rolled out. */
  async function impactsOn(
    requests: readonly SampledRequest[],
    [before, after]: readonly [ShadowConfig, ShadowConfig],
  ): Promise<Impact[] | string> {
    const signal = cancellationSignal();
    try {
      const sides = [before, after].map((side) => shadowRun.replay(side, requests, signal));
      const [old = [], young = []] = await Promise.all(sides);
      return impactOf(old, young);
    } catch (error) {
      signal.throwIfAborted();
      return `it could not be compared with what runs now: ${(error as Error).message}`;
    }
  }

  async function findings(document: ConfigDocument): Promise<string[]> {
    const checked = {
      render: (places: Parameters<typeof renderConfigDocument>[1]) => renderConfigDocument(document, places),
      references: tlsReferences(document),
    };
    const found = await configCheck.check(checked, cancellationSignal());
    return found.map(({ pointer, detail }) => `${pointer} ${detail}`);
  }

  return {
    validateRevision: withHeartbeat(validateRevision),
    validateReleaseConfig: withHeartbeat(validateReleaseConfig),
  };
}

function countOf({ length }: readonly unknown[]): string {
  return length === 1 ? '1 request' : `${length} requests`;
}

function refuse(by: string, faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > mostTold ? `; and ${faults.length - mostTold} more` : '';
  throw new OpsError('invalid-input', `${by} is against it: ${faults.slice(0, mostTold).join('; ')}${more}`);
}
