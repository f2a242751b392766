import { ref } from '../../contracts/common.ts';
import { ConfigMerge, ConfigMergeInput } from '../../contracts/config-revision.ts';
import { requireHead } from '../../db/config-document/revision.ts';
import { mergeDocuments } from '../../domain/config-document/merge.ts';
import type { ApiDependencies, App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';
import { documentLimit } from './limits.ts';
import { readDocument } from './read-document.ts';
import { revisionSide, sideOf } from './sides.ts';

/** What the head and a document that was made from an older revision come to together. Writes nothing. */
export function registerMerge(app: App, { db }: ApiDependencies): void {
  app.post(
    '/environments/:environment/config/merge',
    {
      config: { needs: 'config:read' },
      bodyLimit: documentLimit,
      schema: {
        tags: ['config'],
        summary: 'Merge a document with the head; nothing is written',
        params: EnvironmentParams,
        body: ref(ConfigMergeInput),
        response: { 200: ref(ConfigMerge), ...problems },
      },
    },
    async ({ params, body }): Promise<ConfigMerge> => {
      const ours = readDocument(body.document);
      const head = sideOf(await requireHead(db, params.project, params.environment));
      const base = await revisionSide(db, params, body.base);
      const { document, conflicts } = mergeDocuments(base.document, ours, head.document);
      return {
        head: head.revision,
        document: { ...document },
        // A part that a side does not have is null: JSON has no other word for it.
        conflicts: conflicts.map(({ pointer, ...sides }) => ({
          pointer,
          base: sides.base ?? null,
          ours: sides.ours ?? null,
          theirs: sides.theirs ?? null,
        })),
      };
    },
  );
}
