/** What is known of a cluster. */
export interface SeverityFacts {
  readonly kind: 'feedback' | 'error';
  /** Occurrences of the last 24 hours. */
  readonly lastDay: number;
  readonly isSpike: boolean;
  readonly sources: number;
  readonly services: number;
  readonly releases: number;
  /** Kind of the exception, where there is one. */
  readonly exception: string | null;
  /** Of its items, or of some of them. */
  readonly titles: readonly string[];
}

export type SeverityLevel = 'low' | 'medium' | 'high' | 'critical';

export interface Severity {
  /** Of the rules: scores of two versions are not compared. */
  readonly version: 1;
  readonly level: SeverityLevel;
  /** The sum of the reasons' points, at least 0. */
  readonly score: number;
  readonly reasons: readonly SeverityReason[];
}

export interface SeverityReason {
  readonly rule: 'volume' | 'spike' | 'spread' | 'error' | 'words';
  readonly points: number;
  readonly says: string;
}

/** How bad a cluster is, by rules that add up and can be read. */
export function severityOf(facts: SeverityFacts): Severity {
  const reasons = [volume(facts), spike(facts), spread(facts), error(facts), words(facts)].filter(
    (reason) => reason.points !== 0,
  );
  const score = Math.max(
    0,
    reasons.reduce((sum, { points }) => sum + points, 0),
  );
  return { version: 1, level: levelOf(score), score, reasons };
}

function levelOf(score: number): SeverityLevel {
  if (score >= 70) return 'critical';
  if (score >= 45) return 'high';
  return score >= 20 ? 'medium' : 'low';
}

function volume({ lastDay }: SeverityFacts): SeverityReason {
  const points = lastDay >= 1000 ? 30 : lastDay >= 100 ? 20 : lastDay >= 10 ? 10 : 0;
  return { rule: 'volume', points, says: `${lastDay} in the last day` };
}

function spike({ isSpike }: SeverityFacts): SeverityReason {
  return { rule: 'spike', points: isSpike ? 20 : 0, says: 'far more than usual in the last hour' };
}

function spread({ sources, services, releases }: SeverityFacts): SeverityReason {
  const wide = [
    ...(sources > 1 ? [`${sources} sources`] : []),
    ...(services > 1 ? [`${services} services`] : []),
    ...(releases > 1 ? [`${releases} releases`] : []),
  ];
  return { rule: 'spread', points: 5 * wide.length, says: `seen in ${wide.join(', ')}` };
}

/** Errors that take the process or its data with them. */
const fatal =
  /outofmemory|stackoverflow|sig(?:segv|abrt|bus|kill)|segmentation|panic|deadlock|corrupt|fatal/i;

function error({ kind, exception }: SeverityFacts): SeverityReason {
  if (kind === 'feedback') return { rule: 'error', points: 0, says: '' };
  if (exception !== null && fatal.test(exception))
    return { rule: 'error', points: 30, says: `${exception.slice(0, 80)} takes the process or its data` };
  return { rule: 'error', points: 10, says: 'an error, not an opinion' };
}

const kindsOfWords: readonly (readonly [RegExp, number])[] = [
  [
    /\b(?:data ?loss|los[te] (?:all )?(?:my |our )?data|corrupt\w*|security|vulnerabilit\w+|breach|leak(?:s|ed)? (?:data|passwords?|tokens?)|outage)\b/i,
    30,
  ],
  [
    /\b(?:crash\w*|freez\w+|hangs?|unusable|payments?|(?:can(?:no|')t|unable to) (?:log ?in|sign ?in|pay|save|start))\b/i,
    15,
  ],
  [/\b(?:typo|cosmetic|nice to have|would be nice|feature request|spelling)\b/i, -15],
];

/** What a fifth of the titles say; one odd report decides nothing in a large cluster. */
function words({ titles }: SeverityFacts): SeverityReason {
  const needed = Math.max(1, Math.ceil(titles.length / 5));
  for (const [pattern, points] of kindsOfWords) {
    const found = titles.flatMap((title) => pattern.exec(title)?.[0].toLowerCase() ?? []);
    if (found.length < needed) continue;
    return {
      rule: 'words',
      points,
      says: `${found.length} of ${titles.length} titles say such as "${found[0]}"`,
    };
  }
  return { rule: 'words', points: 0, says: '' };
}
