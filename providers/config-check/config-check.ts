import type { Places } from '../../domain/config-document/render/places.ts';
import type { Rendered } from '../../domain/config-document/render/line.ts';
import type { TlsReferences } from '../../domain/config-document/tls-references.ts';

/** What the proxy itself says against a configuration. */
export interface ConfigFinding {
  readonly severity: 'alert' | 'warning';
  /** JSON pointer into the document; empty for what belongs to no part of it. */
  readonly pointer: string;
  readonly detail: string;
}

export interface CheckedConfig {
  render(places: Places): Rendered;
  readonly references: TlsReferences;
}

/** Asks the proxy whether it would load a configuration, without the files that only nodes have. */
export interface ConfigCheck {
  /**
   * None: it loads, without a warning. Stubs stand for certificates and authorities, and names of servers are not looked up: the node
   * checks again with its own. Throws `unavailable` when the proxy cannot be run, `timeout` when it does not end.
   */
  check(config: CheckedConfig, signal: AbortSignal): Promise<ConfigFinding[]>;
}
