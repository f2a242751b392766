export type Level = 'info' | 'warn' | 'error';
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** One JSON line on stderr for each event; stdout is for what the verbs answer. */
export function createLog(proxy: string): Log {
  return (level, msg, fields = {}) => {
    const line = { time: new Date().toISOString(), level, name: 'proxy-agent', proxy, msg, ...fields };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
}
