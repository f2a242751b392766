import { Type, type Static } from 'typebox';

/**
 * How an order to an agent ended. `running`: the release runs and was healthy. `refused`: the order, or the file that came, is not what
 * was signed for this proxy. `failed`: the release did not pass its check and was not started. `restored`: it was started, did not become
 * healthy, and the release of before runs again.
 */
export const agentUpdateOutcomes = ['running', 'refused', 'restored', 'failed'] as const;
export type AgentUpdateOutcome = (typeof agentUpdateOutcomes)[number];

/** What an agent tells of the newest order that it has seen. */
export const AgentUpdateReport = Type.Object({
  sequence: Type.Integer(),
  version: Type.String({ maxLength: 200 }),
  outcome: Type.Union([
    Type.Null({ description: 'Under way' }),
    Type.Unsafe<AgentUpdateOutcome>(Type.Union(agentUpdateOutcomes.map((outcome) => Type.Literal(outcome)))),
  ]),
  failure: Type.Union([Type.Null(), Type.String({ maxLength: 2000 })], { description: 'In words' }),
});
export type AgentUpdateReport = Static<typeof AgentUpdateReport>;
