import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { ShopPlace } from './shop.ts';

/** What went wrong in the world when changes like these were rolled out. */
export const badClasses = [
  'syntax',
  'missing file',
  'bind conflict',
  'dead backend',
  'errors later',
  'slow',
  'route hijack',
  'certificate mismatch',
  'memory',
  'injection',
] as const;
export type BadClass = (typeof badClasses)[number];

interface Named {
  readonly name: string;
  readonly class: BadClass;
  /** What the text must tell that the person gets who made the change. */
  readonly tells: RegExp;
}

/** Never becomes the head: every one of the documents is refused, one at a time. */
export interface RefusedCase extends Named {
  readonly stop: 'put';
  documents(shop: ConfigDocument, place: ShopPlace): readonly unknown[];
}

/** A file that people bring: the CLI tells its line, or the import does and what is left of it is refused. */
export interface FileCase extends Named {
  readonly stop: 'file';
  readonly as: 'yaml' | 'haproxy';
  text(place: ShopPlace): string;
}

/**
 * Becomes the head, and is stopped by the workflow before any proxy is touched (`validation`), by the first proxies that are to take it
 * (`agent`), or by the checks of the first wave while it bakes (`checks`).
 */
export interface RolledOutCase extends Named {
  readonly stop: 'validation' | 'agent' | 'checks';
  change(shop: ConfigDocument, place: ShopPlace): ConfigDocument;
}

export type BadCase = RefusedCase | FileCase | RolledOutCase;
