import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { HeaderChange } from '../../contracts/config-document/text.ts';
import type { Rendered } from './render/line.ts';
import type { Places } from './render/places.ts';
import { renderConfigDocument } from './render/render.ts';
import { tlsReferences, type TlsReferences } from './tls-references.ts';

export interface ShadowBind {
  readonly frontend: string;
  /** Among the binds of its frontend. */
  readonly index: number;
  readonly port: number;
  readonly isTls: boolean;
}

/** All that a shadow run needs of a document. */
export interface ShadowConfig {
  render(places: Places): Rendered;
  readonly references: TlsReferences;
  readonly binds: readonly ShadowBind[];
  /** Request headers whose value at the backend is compared, in lower case. */
  readonly watched: readonly string[];
  /** Headers that differ from one request to the next by themselves. */
  readonly ignored: readonly string[];
}

/** Both sides of a comparison watch the same headers: those that either of them changes. */
export function shadowConfigs(before: ConfigDocument, after: ConfigDocument): [ShadowConfig, ShadowConfig] {
  const requests = [...changesIn(before, 'requestHeaders'), ...changesIn(after, 'requestHeaders')];
  const responses = [...changesIn(before, 'responseHeaders'), ...changesIn(after, 'responseHeaders')];
  const ignored = namesOf([...requests, ...responses].filter(({ from }) => from === 'request-id'));
  const watched = namesOf(requests).filter((name) => !ignored.includes(name));
  const configOf = (document: ConfigDocument): ShadowConfig => ({
    render: (places) => renderConfigDocument(document, places),
    references: tlsReferences(document),
    binds: bindsOf(document),
    watched,
    ignored,
  });
  return [configOf(before), configOf(after)];
}

function changesIn(
  { frontends, backends }: ConfigDocument,
  side: 'requestHeaders' | 'responseHeaders',
): HeaderChange[] {
  const routes = frontends.flatMap((frontend) => frontend.routes ?? []);
  return [...frontends, ...routes, ...backends].flatMap((part) => part[side] ?? []);
}

function namesOf(changes: readonly HeaderChange[]): string[] {
  return [...new Set(changes.map(({ name }) => name.toLowerCase()))].sort();
}

function bindsOf({ frontends }: ConfigDocument): ShadowBind[] {
  return frontends.flatMap(({ name, binds }) =>
    binds.map(({ port, tls }, index) => ({ frontend: name, index, port, isTls: tls !== undefined })),
  );
}
