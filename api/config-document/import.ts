import { ref } from '../../contracts/common.ts';
import { ConfigImport, ConfigImportInput } from '../../contracts/config-revision.ts';
import { importHaproxy } from '../../domain/config-document/import-haproxy.ts';
import type { App } from '../dependencies.ts';
import { EnvironmentParams, problems } from '../schemas.ts';
import { documentLimit } from './limits.ts';

/** An existing haproxy.cfg as a document. Writes nothing; the environment need not be there yet. */
export function registerImport(app: App): void {
  app.post(
    '/environments/:environment/config/import',
    {
      config: { needs: 'config:read' },
      bodyLimit: documentLimit,
      schema: {
        tags: ['config'],
        summary: 'Read a haproxy.cfg as a document, with what the document cannot say; nothing is written',
        params: EnvironmentParams,
        body: ref(ConfigImportInput),
        response: { 200: ref(ConfigImport), ...problems },
      },
    },
    ({ body }): ConfigImport => {
      const { document, notes } = importHaproxy(body.haproxy);
      return {
        document: { ...document },
        notes: notes.map(({ why, ...note }) => ({ ...note, detail: why })),
      };
    },
  );
}
