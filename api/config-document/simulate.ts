import { ref } from '../../contracts/common.ts';
import { ConfigSimulation, ConfigSimulationInput } from '../../contracts/config-revision.ts';
import { impactOf } from '../../domain/config-document/impact.ts';
import { shadowConfigs } from '../../domain/config-document/shadow-config.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';
import { emptyDocument } from './compare.ts';
import type { ConfigTools } from './config-tools.ts';
import { hangUpOf } from './hang-up.ts';
import { documentLimit } from './limits.ts';
import { refusal, refuseProblems } from './read-document.ts';
import { sampledRequests } from './sampled-requests.ts';
import { seenByFleet } from './seen-by-fleet.ts';
import { askedSide, presentSide, revisionSide } from './sides.ts';

/** Old and new HAProxy side by side: which of the requests would be answered otherwise. Writes nothing. */
export function registerSimulation(app: App, { db }: ApiDependencies, tools: ConfigTools): void {
  app.post(
    '/environments/:environment/config/simulate',
    {
      config: { needs: 'config:read' },
      bodyLimit: documentLimit,
      schema: {
        tags: ['config'],
        summary: 'Send requests through the present and the new configuration; nothing is written',
        params: EnvironmentParams,
        body: ref(ConfigSimulationInput),
        response: { 200: ref(ConfigSimulation), ...problems },
      },
    },
    async ({ params, body }, reply): Promise<ConfigSimulation> => {
      const { project } = params;
      const given = body.requests === undefined ? null : sampledRequests(body.requests);
      const after = await askedSide(db, params, body);
      refuseProblems(after.document);
      const before =
        body.against === undefined
          ? await presentSide(db, params, after.revision)
          : await revisionSide(db, params, body.against);
      const signal = hangUpOf(reply);
      const findings = await tools.findings(project, after.document, signal);
      if (findings.length > 0) throw refusal(findings, 'is refused by HAProxy itself');
      const configs = shadowConfigs(before?.document ?? emptyDocument, after.document);
      const { requests, seen } =
        given === null ? await seenByFleet(db, params, configs) : { requests: given, seen: null };
      const [old = [], young = []] = await tools.replay(project, configs, requests, signal);
      const affected = impactOf(old, young).flatMap(({ index, changes }) => {
        const request = (body.requests ?? requests)[index];
        return request === undefined ? [] : [{ index, request, changes: [...changes] }];
      });
      return {
        from: before?.revision ?? null,
        to: after.revision,
        requests: requests.length,
        ...(seen === null ? {} : { seen }),
        affected,
      };
    },
  );
}
