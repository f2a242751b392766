import { healthy, wrong, type Finding } from './finding.ts';

/** The first version that strips types without being asked to. */
const oldest = [22, 18] as const;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return healthy('node');
  return wrong(
    'node',
    `Node ${version} cannot run the code; it takes ${oldest.join('.')} or newer`,
    'call the holdfast launcher of the checkout, which uses the Node that make setup brought',
  );
}
