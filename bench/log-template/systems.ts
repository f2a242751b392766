import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { csvRows } from '../feedback-clustering/csv.ts';
import { dataFolder } from '../feedback-clustering/labelled-sets.ts';

/** The lines of one system with their true templates. */
export interface LogSystem {
  readonly name: string;
  readonly lines: readonly string[];
  readonly labels: readonly string[];
}

/** Every system whose labelled lines lie in `loghub2k` of the data folder; null where there is none. */
export async function logSystems(): Promise<LogSystem[] | null> {
  const folder = path.join(dataFolder, 'loghub2k');
  const files = await readdir(folder).catch(() => []);
  const tables = files.filter((file) => file.endsWith('.csv')).sort();
  if (tables.length === 0) return null;
  return Promise.all(tables.map((file) => readSystem(path.join(folder, file))));
}

async function readSystem(file: string): Promise<LogSystem> {
  const rows = csvRows(await readFile(file, 'utf8'));
  return {
    name: path.basename(file, '.csv'),
    lines: rows.map(({ Content = '' }) => Content),
    labels: rows.map(({ EventId = '' }) => EventId),
  };
}
