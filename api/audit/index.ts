import type { ApiDependencies, App } from '../dependencies.ts';
import { registerAuditCheckpoints } from './checkpoints.ts';
import { registerAuditEntries } from './entries.ts';
import { registerAuditErasures } from './erasures.ts';
import { registerAuditExport } from './export.ts';
import { registerAuditProofs } from './proofs.ts';
import { registerAuditReconciliation } from './reconciliation.ts';

/** Everything about the audit: reading it, taking it away to be verified, proofs, and erasing personal data. */
export function registerAudit(app: App, dependencies: ApiDependencies): void {
  registerAuditEntries(app, dependencies);
  registerAuditExport(app, dependencies);
  registerAuditCheckpoints(app, dependencies);
  registerAuditProofs(app, dependencies);
  registerAuditErasures(app, dependencies);
  registerAuditReconciliation(app, dependencies);
}
