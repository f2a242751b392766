import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { agentVersion } from '../../proxy-agent/version.ts';

const root = join(import.meta.dirname, '../..');

/** The proxy agent of this checkout as one ES module that needs nothing but Node. The same sources make the same bytes. */
export async function buildAgentRelease(): Promise<string> {
  const bundle = await rolldown({
    input: join(root, 'proxy-agent/main.ts'),
    cwd: root,
    platform: 'node',
    logLevel: 'silent',
  });
  const { output } = await bundle.generate({
    ...{ format: 'esm', minify: false, codeSplitting: false, comments: false },
    banner: `// holdfast proxy agent ${agentVersion}`,
  });
  await bundle.close();
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error('the agent did not become one file');
  return chunk.code;
}
