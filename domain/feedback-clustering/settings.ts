import type { StrategyName } from './strategies.ts';

/** How a project clusters, with every default filled in. */
export interface ClusteringSettings {
  readonly method: StrategyName;
  /** null: calibrated on the project's own texts, or what suits the embedding. */
  readonly threshold: number | null;
  readonly minSize: number;
  readonly truncateBodyChars: number;
  /** The text of a CODEOWNERS file, by which errors have owners; left out: they have none. */
  readonly codeowners?: string;
}

/** Suits learned embeddings; with the lexical one almost nothing is that similar. */
const learnedThreshold = 0.72;
/** For the lexical embedding, until there are texts enough to calibrate. */
const lexicalThreshold = 0.3;

/** What a project chose over what the installation has. */
export function settingsOf(
  chosen: Readonly<Record<string, unknown>>,
  installation: ClusteringSettings,
): ClusteringSettings {
  return { ...installation, ...(chosen as Partial<ClusteringSettings>) };
}

/** The similarity from which on two clusters are one. */
export function thresholdOf(
  { threshold }: ClusteringSettings,
  { isLexical, calibrated }: { readonly isLexical: boolean; readonly calibrated: number | null },
): number {
  if (threshold !== null) return threshold;
  return isLexical ? (calibrated ?? lexicalThreshold) : learnedThreshold;
}
