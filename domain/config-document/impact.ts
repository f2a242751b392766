/** A request as it was once seen. Its body is not known. */
export interface SampledRequest {
  readonly port: number;
  readonly method: string;
  readonly host: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Those that one of two sides at least has a bind for: of what came elsewhere, as through a port that is redirected, it knows nothing. */
export function heardRequests<Request extends Pick<SampledRequest, 'port'>>(
  requests: readonly Request[],
  ...sides: readonly { readonly binds: readonly { readonly port: number }[] }[]
): Request[] {
  const ports = new Set(sides.flatMap(({ binds }) => binds.map(({ port }) => port)));
  return requests.filter(({ port }) => ports.has(port));
}

/** What a shadow run answered. */
export interface ShadowAnswer {
  /** null: nobody listens on the port. */
  readonly status: number | null;
  /** Which route took the request; null for none. */
  readonly route: string | null;
  /** null: the proxy answered by itself. */
  readonly backend: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ImpactChange {
  readonly what: 'listener' | 'route' | 'backend' | 'status' | 'header' | 'body';
  /** Of the header. */
  readonly name?: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface Impact {
  /** Of the request among the sampled ones. */
  readonly index: number;
  readonly changes: readonly ImpactChange[];
}

/** Every request that the new document answers otherwise than the old one, with each difference. */
export function impactOf(before: readonly ShadowAnswer[], after: readonly ShadowAnswer[]): Impact[] {
  return before.flatMap((old, index) => {
    const young = after[index];
    const changes = young === undefined ? [] : changesOf(old, young);
    return changes.length === 0 ? [] : [{ index, changes }];
  });
}

function changesOf(before: ShadowAnswer, after: ShadowAnswer): ImpactChange[] {
  if (before.status === null || after.status === null) return listenerChanges(before, after);
  return [
    ...changed('route', before.route, after.route),
    ...changed('backend', before.backend, after.backend),
    ...changed('status', String(before.status), String(after.status)),
    ...headerChanges(before.headers, after.headers),
    ...changed('body', before.body, after.body),
  ];
}

function listenerChanges(before: ShadowAnswer, after: ShadowAnswer): ImpactChange[] {
  const spell = ({ status }: ShadowAnswer): string | null => (status === null ? null : 'listens');
  return changed('listener', spell(before), spell(after));
}

function headerChanges(before: ShadowAnswer['headers'], after: ShadowAnswer['headers']): ImpactChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) =>
    changed('header', before[name] ?? null, after[name] ?? null).map((change) => ({ ...change, name })),
  );
}

function changed(what: ImpactChange['what'], before: string | null, after: string | null): ImpactChange[] {
  return before === after ? [] : [{ what, before, after }];
}
