import { rotatePayloadKey } from '../../infra/secrets/rotate.ts';
import type { Cli } from '../context.ts';

export async function rotate(cli: Cli): Promise<void> {
  const result = await rotatePayloadKey(cli.config);
  cli.out.data(
    result,
    () => `${result.file}: new payloads are sealed with ${result.sealWith}; ${result.known} keys are known`,
  );
}
