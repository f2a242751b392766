import { OpsError } from '../../domain/errors.ts';
import { type EmbeddingOutcome, failed } from './embedding.ts';
import { outcomeOf } from './outcome.ts';
import { type JsonAnswer, mendedMs } from '../http/post-json.ts';

/** How one vendor is asked for a batch. `vectors` has one entry for each text; null when they cannot be told apart. */
export interface Asking {
  readonly batch: number;
  readonly dimensions: number;
  ask(texts: readonly string[]): Promise<JsonAnswer>;
  vectors(body: unknown, count: number): readonly unknown[] | null;
}

const harmless = 'hello';

/**
 * Asks batch by batch. A batch that is refused is halved until the text is found that it is refused for; before that a harmless text is
 * sent once, so that a service that refuses everything is told from a bad text, and no text is blamed for it.
 */
export async function embedAll(asking: Asking, texts: readonly string[]): Promise<EmbeddingOutcome[]> {
  const outcomes = new Array<EmbeddingOutcome>(texts.length).fill(failed('the text is empty', false));
  const rows = [...texts.keys()].filter((row) => texts[row]?.trim() !== '');
  let isProven = false;

  async function ask(part: readonly number[]): Promise<void> {
    const answer = await asking.ask(part.map((row) => texts[row] ?? ''));
    if (answer.kind === 'answered') {
      const vectors = asking.vectors(answer.body, part.length);
      if (vectors !== null) {
        for (const [at, row] of part.entries()) outcomes[row] = outcomeOf(vectors[at], asking.dimensions);
        return;
      }
    }
    const reason = answer.kind === 'refused' ? answer.reason : 'the service did not answer each text';
    if (!isProven) await prove(reason);
    isProven = true;
    const [first] = part;
    if (part.length > 1) {
      const half = Math.ceil(part.length / 2);
      await ask(part.slice(0, half));
      await ask(part.slice(half));
    } else if (first !== undefined) {
      outcomes[first] = failed(reason, answer.kind === 'answered' || answer.isFaultOfService);
    }
  }

  async function prove(reason: string): Promise<void> {
    const answer = await asking.ask([harmless]);
    if (answer.kind === 'answered' && asking.vectors(answer.body, 1) !== null) return;
    throw new OpsError(
      'unavailable',
      `no text is embedded: ${reason}; check the settings HOLDFAST_EMBEDDING*`,
      { retryAfterMs: mendedMs },
    );
  }

  for (let from = 0; from < rows.length; from += asking.batch)
    await ask(rows.slice(from, from + asking.batch));
  return outcomes;
}
