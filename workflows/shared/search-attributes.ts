import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Our search attributes; `infra/temporal` registers them, the Temporal UI lists and filters by them. */
export const projectAttribute = defineSearchAttributeKey('HoldfastProject', SearchAttributeType.KEYWORD);
export const targetAttribute = defineSearchAttributeKey('HoldfastTarget', SearchAttributeType.KEYWORD);
export const kindAttribute = defineSearchAttributeKey('HoldfastKind', SearchAttributeType.KEYWORD);
export const phaseAttribute = defineSearchAttributeKey('HoldfastPhase', SearchAttributeType.KEYWORD);
export const waitingForAttribute = defineSearchAttributeKey(
  'HoldfastWaitingFor',
  SearchAttributeType.KEYWORD,
);
export const stuckAttribute = defineSearchAttributeKey('HoldfastStuck', SearchAttributeType.KEYWORD);
