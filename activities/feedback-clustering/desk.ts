import { dropOtherModels, keepVectors, readVectors } from '../../db/feedback-clustering/embeddings.ts';
import { standingEdits } from '../../db/feedback-clustering/edits.ts';
import { placedItems, postponeItems, textPage, textsOf } from '../../db/feedback-clustering/items.ts';
import { readState, saveModel, type ClusteringState } from '../../db/feedback-clustering/state.ts';
import { calibrateThreshold } from '../../domain/feedback-clustering/calibrate-threshold.ts';
import { constraintsOf } from '../../domain/feedback-clustering/edits.ts';
import {
  settingsOf,
  thresholdOf,
  type ClusteringSettings,
} from '../../domain/feedback-clustering/settings.ts';
import { fitOn, lexicalEmbedder, modelBytes, modelOf, providedEmbedder, type Embedder } from './embedder.ts';
import type { FeedbackClusteringTools } from './tools.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

/** All that is needed to work on the clusters of a project, as the database had it at `revision`. */
export interface Desk {
  readonly project: string;
  readonly settings: ClusteringSettings;
  readonly embedder: Embedder;
  readonly workspace: Workspace;
  readonly fittedItems: number;
  revision: number;
}

const pageSize = 1000;
const fitPageSize = 200;

/** Reads the project's items, vectors and edits. Vectors that are missing are made, where that needs nobody else. */
export async function openDesk(
  tools: FeedbackClusteringTools,
  project: string,
  signal: AbortSignal,
): Promise<Desk> {
  const state = await readState(tools.db, project);
  const settings = settingsOf(state.settings, tools.clustering);
  const embedder = embedderOf(tools, state, settings);
  if (state.model !== embedder.model) await saveModel(tools.db, project, { ...state, model: embedder.model });
  const { isLexical } = embedder;
  const threshold = thresholdOf(settings, { isLexical, calibrated: state.calibrated });
  const workspace = createWorkspace({
    dimensions: embedder.dimensions,
    strategy: settings.method,
    options: { threshold, minSize: settings.minSize },
    constraints: constraintsOf(await standingEdits(tools.db, project)),
    createIndex: tools.createIndex,
    sharedRows: tools.sharedRows,
  });
  await fill({ tools, project, embedder, workspace }, signal);
  workspace.uniteAll();
  workspace.soil(workspace.rows.flatMap(({ isProvisional }, row) => (isProvisional ? [row] : [])));
  return { project, settings, embedder, workspace, fittedItems: state.fittedItems, revision: state.revision };
}

/**
 * Learns anew what words are worth in this project, and which similarity is more than chance. Every vector is made again. A provider's
 * model needs none of that.
 */
export async function refit(tools: FeedbackClusteringTools, desk: Desk, signal: AbortSignal): Promise<Desk> {
  const { project, settings } = desk;
  if (!desk.embedder.isLexical) return openDesk(tools, project, signal);
  const pages = textPages(tools, project);
  const model = await fitOn(pages, settings.truncateBodyChars);
  const embedder = lexicalEmbedder(model, settings.truncateBodyChars);
  const fitted = { model: embedder.model, fittedModel: modelBytes(model), fittedItems: model.texts };
  await saveModel(tools.db, project, { ...fitted, calibrated: null });
  const rough = await openDesk(tools, project, signal);
  await dropOtherModels(tools.db, project, embedder.model);
  const calibrated = calibratedOn(rough.workspace);
  if (calibrated === null || settings.threshold !== null) return rough;
  await saveModel(tools.db, project, { ...fitted, calibrated });
  return openDesk(tools, project, signal);
}

function calibratedOn({ vectors }: Workspace): number | null {
  const withVector = vectors.inverseLengths.filter((length) => length > 0).length;
  return withVector < 20 ? null : calibrateThreshold(vectors);
}

function embedderOf(
  { embedding }: FeedbackClusteringTools,
  { fittedModel }: ClusteringState,
  { truncateBodyChars }: ClusteringSettings,
): Embedder {
  if (embedding !== null) return providedEmbedder(embedding, truncateBodyChars);
  return lexicalEmbedder(modelOf(fittedModel), truncateBodyChars);
}

interface Filling {
  readonly tools: FeedbackClusteringTools;
  readonly project: string;
  readonly embedder: Embedder;
  readonly workspace: Workspace;
}

async function fill({ tools, project, embedder, workspace }: Filling, signal: AbortSignal): Promise<void> {
  const { db } = tools;
  for (let after = ''; ;) {
    signal.throwIfAborted();
    const page = await placedItems(db, project, after, pageSize);
    const hashes = page.map(({ contentHash }) => contentHash);
    const known = await readVectors(db, project, embedder.model, hashes);
    const missing = page.filter(({ contentHash }) => !known.has(contentHash));
    if (embedder.isLexical)
      await embedMissing({ tools, project, embedder, workspace }, missing, known, signal);
    // A provider may take long and may fail: that is the work of a shift.
    else
      await postponeItems(
        db,
        project,
        missing.map(({ id }) => id),
      );
    for (const item of page) {
      const vector = known.get(item.contentHash);
      if (vector !== undefined) workspace.put({ ...item }, vector);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = last.id;
  }
}

async function embedMissing(
  { tools: { db }, project, embedder }: Filling,
  missing: readonly { readonly id: string; readonly contentHash: string }[],
  known: Map<string, Float32Array>,
  signal: AbortSignal,
): Promise<void> {
  if (missing.length === 0) return;
  const texts = await textsOf(
    db,
    project,
    missing.map(({ id }) => id),
  );
  const outcomes = await embedder.embed(
    missing.map(({ id }) => texts.get(id) ?? { title: '', body: '' }),
    signal,
  );
  const made = outcomes.flatMap((outcome, index) => {
    const contentHash = missing[index]?.contentHash ?? '';
    return outcome.kind === 'vector' ? [{ contentHash, vector: outcome.vector }] : [];
  });
  for (const { contentHash, vector } of made) known.set(contentHash, vector);
  await keepVectors(db, project, embedder.model, made);
}

async function* textPages({ db }: FeedbackClusteringTools, project: string) {
  for (let after = ''; ;) {
    const page = await textPage(db, project, after, fitPageSize);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < fitPageSize) return;
    after = last.id;
  }
}
