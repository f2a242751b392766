import { bundleWorkflowCode } from '@temporalio/worker';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** `node workers/build-bundle.ts FILE` writes the workflow bundle of this checkout, whole or not at all. */
const root = path.resolve(import.meta.dirname, '..');
const [file = ''] = process.argv.slice(2);
const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const { code } = await bundleWorkflowCode({
  workflowsPath: path.join(root, 'workflows/index.ts'),
  payloadConverterPath: path.join(root, 'workflows/shared/payload-converter.ts'),
  logger: quiet,
});
await mkdir(path.dirname(file), { recursive: true });
const draft = `${file}.${process.pid}`;
await writeFile(draft, code);
await rename(draft, file);
