import type { SampledRequest, ShadowAnswer } from '../../domain/config-document/impact.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import type { ShadowConfig } from '../../domain/config-document/shadow-config.ts';
import { tlsReferences } from '../../domain/config-document/tls-references.ts';
import { OpsError } from '../../domain/errors.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { ConfigFinding } from '../../providers/config-check/config-check.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { oneAtATime } from '../log-window/one-at-a-time.ts';

/** The real proxy, asked for one project at a time, so that no project can take the machine from the others. */
export interface ConfigTools {
  /** What `haproxy -c -dW` says against a document. Throws `unavailable` where this API has no HAProxy. */
  findings(project: string, document: ConfigDocument, signal: AbortSignal): Promise<ConfigFinding[]>;
  /** What a proxy with each of the configurations would do with the requests. */
  replay(
    project: string,
    configs: readonly ShadowConfig[],
    requests: readonly SampledRequest[],
    signal: AbortSignal,
  ): Promise<ShadowAnswer[][]>;
}

const mostWaiting = 10;

export function createConfigTools({ configCheck, shadowRun }: ApiDependencies): ConfigTools {
  const inTurn = boundedTurns();
  return {
    async findings(project, document, signal) {
      if (configCheck === undefined) throw withoutHaproxy();
      const render = (places: Parameters<typeof renderConfigDocument>[1]) =>
        renderConfigDocument(document, places);
      const config = { render, references: tlsReferences(document) };
      return inTurn(project, () => configCheck.check(config, signal));
    },
    async replay(project, configs, requests, signal) {
      if (shadowRun === undefined) throw withoutHaproxy();
      return inTurn(project, async () => {
        const answers: ShadowAnswer[][] = [];
        for (const config of configs) {
          // HAProxy does not start without a bind.
          const nobody = config.binds.length === 0;
          answers.push(
            nobody ? requests.map(() => silence) : await shadowRun.replay(config, requests, signal),
          );
        }
        return answers;
      });
    },
  };
}

const silence: ShadowAnswer = { status: null, route: null, backend: null, headers: {}, body: '' };

function withoutHaproxy(): OpsError {
  return new OpsError(
    'unavailable',
    'this API has no HAProxy to ask; install haproxy where the API runs, or name it: HOLDFAST_HAPROXY_BIN',
  );
}

function boundedTurns(): <T>(project: string, work: () => Promise<T>) => Promise<T> {
  const inTurn = oneAtATime();
  const waiting = new Map<string, number>();
  return async (project, work) => {
    const before = waiting.get(project) ?? 0;
    if (before >= mostWaiting)
      throw new OpsError(
        'rate-limited',
        `${before} configurations of project ${project} wait for their check; ask again when some are done`,
      );
    waiting.set(project, before + 1);
    try {
      return await inTurn(project, work);
    } finally {
      const left = (waiting.get(project) ?? 1) - 1;
      if (left === 0) waiting.delete(project);
      else waiting.set(project, left);
    }
  };
}
