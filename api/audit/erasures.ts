import { AuditErasure, AuditErasureInput } from '../../contracts/audit.ts';
import { ref } from '../../contracts/common.ts';
import { eraseTexts } from '../../db/audit/erase.ts';
import { OpsError } from '../../domain/errors.ts';
import { principalOf } from '../auth.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { idempotencyOf } from '../idempotency.ts';
import { PostHeaders, problems, ProjectParams } from '../schemas.ts';

/** POST audit/erasures. Erasing twice is erasing once, so the Idempotency-Key is asked for like everywhere and not kept. */
export function registerAuditErasures(app: App, { db }: ApiDependencies): void {
  app.post(
    '/audit/erasures',
    {
      config: { needs: 'audit:erase' },
      schema: {
        tags: ['audit'],
        summary: 'Erase the free text of an entry, an operation or a person; the chain stays whole',
        params: ProjectParams,
        headers: PostHeaders,
        body: ref(AuditErasureInput),
        response: { 200: ref(AuditErasure), ...problems },
      },
    },
    async (request) => {
      idempotencyOf(request);
      const { entry = null, operation = null, principal = null, reason } = request.body;
      if ([entry, operation, principal].filter((one) => one !== null).length !== 1) {
        throw new OpsError('invalid-input', 'name exactly one of entry, operation and principal', {
          errors: [{ pointer: '', detail: 'must have exactly one of entry, operation and principal' }],
        });
      }
      const { project } = request.params;
      const by = principalOf(request);
      return { erased: await eraseTexts(db, { project, entry, operation, principal, reason, by }) };
    },
  );
}
