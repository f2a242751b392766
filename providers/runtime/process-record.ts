import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What outlives the worker: where an instance listens and who it belongs to. Written before the instance is started. */
export interface InstanceRecord {
  readonly id: string;
  readonly project: string;
  readonly service: string;
  readonly version: string;
  readonly port: number;
  /** The shell of the instance; 0 before its first start. */
  readonly pid: number;
}

export interface RecordFolder {
  folderOf(id: string): string;
  read(id: string): Promise<InstanceRecord | null>;
  /** The record of an instance, made now if there is none: of several at once, one wins and all answer the same port. */
  create(instance: Omit<InstanceRecord, 'port' | 'pid'>, port: number): Promise<InstanceRecord>;
  write(record: InstanceRecord): Promise<void>;
  remove(id: string): Promise<void>;
  all(): Promise<InstanceRecord[]>;
}

/** One folder an instance, holding its record, its lock and its output. */
export function recordFolder(root: string): RecordFolder {
  const folderOf = (id: string): string => path.join(root, id);
  const fileOf = (id: string): string => path.join(folderOf(id), 'record.json');

  async function read(id: string): Promise<InstanceRecord | null> {
    try {
      return JSON.parse(await readFile(fileOf(id), 'utf8')) as InstanceRecord;
    } catch {
      return null;
    }
  }

  async function drafted(record: InstanceRecord): Promise<string> {
    await mkdir(folderOf(record.id), { recursive: true });
    const draft = `${fileOf(record.id)}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(record));
    return draft;
  }

  return {
    folderOf,
    read,
    async create({ id, project, service, version }, port) {
      const draft = await drafted({ id, project, service, version, port, pid: 0 });
      // A link fails where a rename would overwrite: the port of an instance is chosen once.
      await link(draft, fileOf(id)).catch(() => undefined);
      await rm(draft, { force: true });
      const record = await read(id);
      if (record === null) throw new Error(`the record of ${id} cannot be written below ${root}`);
      return record;
    },
    async write(record) {
      await rename(await drafted(record), fileOf(record.id));
    },
    async remove(id) {
      await rm(folderOf(id), { recursive: true, force: true });
    },
    async all() {
      const ids = await readdir(root).catch(() => []);
      const records = await Promise.all(ids.map(read));
      return records.filter((record) => record !== null);
    },
  };
}
