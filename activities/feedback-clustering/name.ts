import { textsOf } from '../../db/feedback-clustering/items.ts';
import {
  clustersToName,
  nameCluster,
  nameLater,
  nextNamingMs,
  type ClusterToName,
} from '../../db/feedback-clustering/names.ts';
import { OpsError } from '../../domain/errors.ts';
import {
  namingInstructions,
  namingText,
  readModelText,
} from '../../domain/feedback-clustering/model-text.ts';
import type { LanguageModel } from '../../providers/llm/language-model.ts';
import type { FeedbackClusteringTools } from './tools.ts';

export interface NamingResult {
  readonly named: number;
  /** Milliseconds until there is a cluster to name, 0 for now; null: there is none. */
  readonly nextMs: number | null;
}

const together = 8;
const longestAnswer = 300;
/** A service that is away, or an answer that is of no use: the words of the items do until then. */
const laterMs = 10 * 60_000;

/** Has the model name some clusters. What goes wrong is tried again later and is nobody's failure: each has a name already. */
export async function nameSome(
  { db, languageModel }: Pick<FeedbackClusteringTools, 'db' | 'languageModel'>,
  project: string,
  signal: AbortSignal,
): Promise<NamingResult> {
  if (languageModel === null) return { named: 0, nextMs: null };
  const due = await clustersToName(db, project, together);
  let named = 0;
  for (const [index, cluster] of due.entries()) {
    try {
      if (await nameOne({ db, languageModel, project }, cluster, signal)) named += 1;
      else await nameLater(db, project, [cluster.id], laterMs);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof OpsError)) throw error;
      const isOfThis = error.code === 'invalid-input';
      const ids = (isOfThis ? [cluster] : due.slice(index)).map(({ id }) => id);
      await nameLater(db, project, ids, retryAfter(error));
      if (!isOfThis) break;
    }
  }
  return { named, nextMs: await nextNamingMs(db, project) };
}

/** As long as the service asks for. */
function retryAfter({ detail }: OpsError): number {
  const { retryAfterMs } = detail;
  return typeof retryAfterMs === 'number' ? retryAfterMs : laterMs;
}

interface Naming extends Pick<FeedbackClusteringTools, 'db'> {
  readonly languageModel: LanguageModel;
  readonly project: string;
}

async function nameOne(
  { db, languageModel, project }: Naming,
  cluster: ClusterToName,
  signal: AbortSignal,
): Promise<boolean> {
  const texts = await textsOf(db, project, cluster.representatives);
  const items = cluster.representatives.flatMap((id) => texts.get(id) ?? []);
  if (items.length === 0) return false;
  const asked = { instructions: namingInstructions, text: namingText(items), longest: longestAnswer };
  const text = readModelText(await languageModel.complete(asked, signal));
  if (text === null) return false;
  await nameCluster(db, project, cluster, { ...text, model: languageModel.name });
  return true;
}
