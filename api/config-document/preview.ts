import { ref } from '../../contracts/common.ts';
import type { ConfigPlan } from '../../contracts/config-plan.ts';
import { ConfigPreview, ConfigPreviewInput } from '../../contracts/config-revision.ts';
import { findEnvironment } from '../../db/config-document/environment.ts';
import { enrolledProxies } from '../../db/config-rollout/proxies.ts';
import type { Db } from '../../db/connect.ts';
import { configProblems } from '../../domain/config-document/policy.ts';
import { frozenUntil } from '../../domain/config-rollout/freeze.ts';
import { freezePlan } from '../../domain/config-rollout/plan.ts';
import { planWaves } from '../../domain/config-rollout/waves.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';
import { compare } from './compare.ts';
import type { ConfigTools } from './config-tools.ts';
import { hangUpOf } from './hang-up.ts';
import { documentLimit } from './limits.ts';
import { refuseConfigPlan } from './refuse-plan.ts';
import { askedSide, presentSide } from './sides.ts';

/** What a rollout would come to. Writes nothing, so it may be sent again at will. */
export function registerPreview(app: App, { db }: ApiDependencies, tools: ConfigTools): void {
  app.post(
    '/environments/:environment/config/plan',
    {
      config: { needs: 'config:read' },
      bodyLimit: documentLimit,
      schema: {
        tags: ['config'],
        summary: 'Preview a document: problems, difference, waves; nothing is written',
        params: EnvironmentParams,
        body: ref(ConfigPreviewInput),
        response: { 200: ref(ConfigPreview), ...problems },
      },
    },
    async ({ params, body }, reply): Promise<ConfigPreview> => {
      const { project, environment: name } = params;
      await refuseConfigPlan(db, project, body.plan, '/plan');
      const asked = await askedSide(db, params, body);
      const found = configProblems(asked.document);
      // What the policy refuses, HAProxy may refuse for a reason that helps nobody.
      const findings = found.length > 0 ? [] : await tools.findings(project, asked.document, hangUpOf(reply));
      const environment = await findEnvironment(db, project, name);
      const { plan: usual, freezes = [] } = environment?.settings ?? {};
      const plan = freezePlan(body.plan ?? usual ?? null);
      const freeze = frozenUntil(freezes, Date.now());
      return {
        revision: asked.revision,
        problems: found,
        findings,
        diff: compare(await presentSide(db, params, asked.revision), asked),
        plan,
        waves: await wavesOf(db, project, name, plan),
        frozenUntil: freeze === null ? null : new Date(freeze.untilMs).toISOString(),
      };
    },
  );
}

/** As a start would freeze them: the environment is the seed. */
async function wavesOf(
  db: Db,
  project: string,
  environment: string,
  plan: ConfigPlan,
): Promise<ConfigPreview['waves']> {
  const proxies = await enrolledProxies(db, project, environment);
  const rules = plan.waves.flatMap(({ rule }) => (rule.by === 'rest' ? [] : [rule]));
  return planWaves(proxies, rules, environment).map(({ agents }) => [...agents]);
}
