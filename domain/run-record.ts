import type { RunManifest, RunRecord } from '../contracts/run-record.ts';
import { canonicalJson } from './canonical-json.ts';

export type Sha256 = (text: string) => string;

/** The digest of every part, over its canonical JSON. */
export function partDigests(
  parts: Readonly<Record<string, unknown>>,
  sha256: Sha256,
): Record<string, string> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, sha256(canonicalJson(part))]));
}

/** The text that is signed. */
export function signedText(manifest: RunManifest): string {
  return canonicalJson(manifest);
}

/** What in a record does not fit its manifest, one sentence each; the signature is another matter. */
export function recordProblems({ manifest, parts }: RunRecord, sha256: Sha256): string[] {
  const found = partDigests(parts, sha256);
  const names = [...new Set([...Object.keys(manifest.parts), ...Object.keys(found)])].sort();
  const changed = names.flatMap((name) => partProblem(name, manifest.parts[name], found[name]));
  return [...changed, ...operationProblems(manifest, parts), ...historyProblems(manifest, parts, sha256)];
}

function partProblem(name: string, signed: string | undefined, found: string | undefined): string[] {
  if (found === undefined) return [`the part ${name} is missing`];
  if (signed === undefined) return [`the part ${name} was added: the manifest does not name it`];
  return signed === found ? [] : [`the part ${name} was changed`];
}

/** A whole part of another record would fit its digest only in that record's manifest, but a manifest could be misnamed. */
function operationProblems(manifest: RunManifest, parts: RunRecord['parts']): string[] {
  const operation = parts['operation'] as { id?: unknown; project?: unknown } | null | undefined;
  const isIts = operation?.id === manifest.operationId && operation.project === manifest.project;
  return isIts ? [] : [`the manifest names ${manifest.operationId}, the record tells of another operation`];
}

function historyProblems(manifest: RunManifest, parts: RunRecord['parts'], sha256: Sha256): string[] {
  const { histories } = parts;
  if (!Array.isArray(histories)) return ['the histories are missing'];
  // Opened payloads make another text than the one that was archived.
  if (manifest.payloads === 'clear') return [];
  return (histories as { runId?: unknown; text?: unknown; archivedDigest?: unknown }[]).flatMap((history) =>
    typeof history.text === 'string' && sha256(history.text) !== history.archivedDigest
      ? [`the history of run ${String(history.runId)} is not the one that was archived`]
      : [],
  );
}
