import type { ConfigDocument } from '../contracts/config-document.ts';
import { rootOf, wrong } from './reader.ts';
import type { YamlSource } from './yaml-source.ts';

/** A configuration document as people keep it, `config/proxy.yml` by custom: YAML or JSON of the document itself. */
export interface ConfigFile {
  /** As it was read; its shape is checked by the API. */
  readonly document: ConfigDocument;
  readonly source: YamlSource;
}

/** Throws a usage error for what is no mapping; broken syntax is refused at its line and column before. */
export function configFileOf(source: YamlSource): ConfigFile {
  const root = rootOf(source);
  const isMapping = typeof root.value === 'object' && root.value !== null && !Array.isArray(root.value);
  if (!isMapping) wrong(root, 'must be a mapping that begins with schemaVersion: 1');
  return { document: root.value as ConfigDocument, source };
}

/** A problem of the API or of HAProxy, at `file:line:column`: of the nearest part above where the pointer leads to what is missing. */
export function locateProblem(
  { source }: ConfigFile,
  { pointer, detail }: { readonly pointer: string; readonly detail: string },
): string {
  const path = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const place = source.at(path, { key: detail.includes('not known') });
  return `${place}: ${path.length === 0 ? 'the document' : path.join('.')} ${detail}`;
}
