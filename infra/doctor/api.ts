import { healthy, wrong, type Finding } from './finding.ts';

export async function checkApi(url: string): Promise<Finding> {
  try {
    const answer = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(5000) });
    const body = await answer.text();
    return answer.ok
      ? healthy('api')
      : wrong('api', `the API at ${url} is not ready: ${body}`, 'mend what it names');
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    return wrong(
      'api',
      `the API at ${url} does not answer (${cause})`,
      'holdfast up, or correct HOLDFAST_API_URL',
    );
  }
}
