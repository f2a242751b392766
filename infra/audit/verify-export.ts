import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { verdictData, verdictText } from '../../cli/audit/verdict-text.ts';
import { verifyExport } from '../../cli/audit/verify-export.ts';

/**
 * The offline verifier: `node infra/audit/verify-export.ts EXPORT --key KEY [--checkpoints FOLDER] [--state FILE] [--json]`. It needs
 * Node and the folders cli/audit and domain/audit, no server, no database and no package. Exit code 0 only when all is well.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    key: { type: 'string' },
    checkpoints: { type: 'string' },
    state: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [file] = positionals;
if (file === undefined || values.key === undefined) {
  process.stderr.write('name an EXPORT and give the public KEY (or a file with it) with --key\n');
  process.exit(2);
}
const verdict = await verifyExport({
  chunks: createReadStream(file, { highWaterMark: 1 << 20 }),
  key: values.key,
  checkpoints: values.checkpoints ?? null,
  state: values.state ?? null,
});
process.stdout.write(`${values.json ? JSON.stringify(verdictData(verdict)) : verdictText(verdict)}\n`);
process.exitCode = verdict.fault === null ? 0 : 1;
