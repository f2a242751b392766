import type { ConfigFinding } from './config-check.ts';

const told = /^\[(ALERT|WARNING)\]\s*\(\d+\)\s*:\s*(?:config\s*:\s*)?(.*)$/;
/** Said at the end whatever went before. */
const summary =
  /^(Error\(s\) found in configuration file|Fatal errors found in configuration|Some warnings were found)/;

/** HAProxy's messages with the pointers of the lines that they name. A refusal without a message is a finding, too. */
export function findingsOf(output: string, path: string, pointers: readonly string[]): ConfigFinding[] {
  const findings = output.split('\n').flatMap((text): ConfigFinding[] => {
    const [, severity, message = ''] = told.exec(text) ?? [];
    if (severity === undefined || summary.test(message)) return [];
    const { line, detail } = withoutPlace(message, path);
    return [
      { severity: severity === 'ALERT' ? 'alert' : 'warning', pointer: pointers[line - 1] ?? '', detail },
    ];
  });
  if (findings.length > 0) return findings;
  return [{ severity: 'alert', pointer: '', detail: `HAProxy refused it: ${output.trim().slice(-500)}` }];
}

/** `parsing [/path/haproxy.cfg:12] : text`, and a few other spellings of it. */
function withoutPlace(message: string, path: string): { line: number; detail: string } {
  const at = message.indexOf(`${path}:`);
  const line = at === -1 ? 0 : Number.parseInt(message.slice(at + path.length + 1), 10);
  const detail = message
    .replaceAll(path, 'haproxy.cfg')
    .replace(/^(parsing\s+)?\[haproxy\.cfg:\d+\]\s*:\s*/, '')
    .trim();
  return { line, detail };
}
