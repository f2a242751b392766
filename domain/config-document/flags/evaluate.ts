import type {
  Flag,
  FlagContext,
  FlagDocument,
  FlagEvaluation,
  FlagFailure,
  Split,
} from '../../../contracts/flag-document.ts';
import { stickyFraction } from '../../sticky-hash.ts';
import { holds } from './condition.ts';

type Outcome = FlagEvaluation | FlagFailure;

/** The answer for one flag of a document, in the shape of the OpenFeature Remote Evaluation Protocol. */
export function evaluateKey(document: FlagDocument, key: string, context: FlagContext): Outcome {
  const flag = document.flags.find((each) => each.key === key);
  if (flag !== undefined) return evaluate(flag, context);
  return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: `there is no flag ${key}` };
}

/**
 * The first rule that holds and gives a variant decides; else the default. A share is sticky: it hashes the flag's key with the attribute,
 * so a first share that grows keeps whom it had, and two flags cut the users in different ways.
 */
export function evaluate(flag: Flag, context: FlagContext): Outcome {
  if (!flag.enabled) return answer(flag, flag.defaultVariant, 'DISABLED');
  const { rules = [] } = flag;
  for (const { when, variant, split } of rules) {
    if (!when.every((condition) => holds(condition, context))) continue;
    if (split === undefined)
      return answer(flag, variant ?? flag.defaultVariant, when.length === 0 ? 'STATIC' : 'TARGETING_MATCH');
    const chosen = shareOf(flag, split, context);
    if (typeof chosen === 'object' && chosen !== null) return chosen;
    if (chosen !== null) return answer(flag, chosen, 'SPLIT');
  }
  return answer(flag, flag.defaultVariant, rules.length === 0 ? 'STATIC' : 'DEFAULT');
}

/** The variant, null for who is in no share, or why it cannot be told. */
function shareOf(
  flag: Flag,
  { by = 'targetingKey', shares }: Split,
  context: FlagContext,
): string | FlagFailure | null {
  const subject = Object.hasOwn(context, by) ? context[by] : undefined;
  if (typeof subject !== 'string' && typeof subject !== 'number') {
    const errorCode = by === 'targetingKey' ? 'TARGETING_KEY_MISSING' : 'INVALID_CONTEXT';
    const errorDetails = `flag ${flag.key} splits by ${by}, which must be a text or a number in the context`;
    return { key: flag.key, errorCode, errorDetails };
  }
  const place = 100 * stickyFraction(flag.key, String(subject));
  let end = 0;
  for (const { variant, percent } of shares) {
    end += percent;
    if (place < end) return variant;
  }
  return null;
}

function answer(flag: Flag, variant: string, reason: FlagEvaluation['reason']): FlagEvaluation {
  const { value } = flag.variants.find(({ name }) => name === variant) ?? { value: '' };
  return { key: flag.key, value, variant, reason };
}
