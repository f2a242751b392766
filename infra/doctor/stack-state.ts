import { statusOfStack } from '../stack/status.ts';
import type { StackRecord } from '../stack/record.ts';
import { healthy, wrong, type Finding } from './finding.ts';

export function checkStack(record: StackRecord | null): Finding[] {
  const status = statusOfStack(record);
  if (status.state === 'down') return [wrong('stack', 'the stack is down', 'holdfast up')];
  if (status.state === 'supervisor-gone') {
    return [wrong('stack', 'the supervisor was killed', 'holdfast up, which takes over what it left')];
  }
  if (status.state === 'failed') {
    return [
      wrong('stack', status.problem ?? 'it did not start', 'mend what is named and call holdfast up again'),
    ];
  }
  const broken = status.parts.filter((part) => part.state !== 'running');
  if (broken.length === 0) return [healthy('stack')];
  return broken.map((part) =>
    wrong(
      part.name,
      `${part.name} is ${part.state}${part.problem === null ? '' : `: ${part.problem}`}`,
      `it is started again by itself; its log is log/${part.name}.log below the state folder`,
    ),
  );
}
