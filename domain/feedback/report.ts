/** One report as a connector reads it out of what a source sent: everything that Holdfast keeps of it, before redaction. */
export interface Report {
  /** What the report is about, as its source names it; the hash of its masked content where the source has no name. */
  readonly externalId: string;
  readonly kind: 'feedback' | 'error';
  /**
   * `state`: the thing itself as it is now, such as an issue; telling it again is an update. `event`: something that happened, such as
   * an exception; each one counts.
   */
  readonly nature: 'state' | 'event';
  readonly title: string;
  readonly body: string;
  readonly url: string | null;
  readonly status: 'open' | 'closed';
  readonly labels: readonly string[];
  readonly service: string | null;
  readonly release: string | null;
  readonly exception: ReportedException | null;
  /** Grouping that the source was told to use; it goes before our own fingerprint. */
  readonly clientFingerprint: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The newer one wins; equal to `createdAt` for an event. */
  readonly updatedAt: string;
  /** Small facts of the source, for people. */
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>;
}

export interface ReportedException {
  readonly type: string;
  readonly message: string;
  /** As its runtime prints it; null when there is none. */
  readonly stack: string | null;
}
