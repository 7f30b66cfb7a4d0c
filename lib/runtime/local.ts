import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../adapters/local/clock';
import { randomIds } from '../adapters/local/ids';
import { openLocalItems } from '../adapters/local/items';
import { landedFile } from '../adapters/local/landing';
import { localStore } from '../adapters/local/object-store';
import { catalogOverStore } from '../adapters/store-catalog';
import { loadConfig } from '../config/load';
import type { ResolvedLake, ResolvedTable } from '../config/resolved';
import type { LakePorts } from '../ports/lake-ports';
import type { IngestRequest } from '../stages/ingest/identify';
import type { Ingested } from '../stages/ingest/ingest';
import type { Merged } from '../stages/merge';
import type { LakeStatus } from '../stages/status';
import { locate, type Whereabouts } from './locate';

export type FileOptions = Pick<IngestRequest, 'date' | 'table'> & {
  readonly dryRun?: boolean;
  /** Takes in a plain file once more that was taken in before. */
  readonly again?: boolean;
};

/**
 * A lake in a folder of this machine: every stage bound to local adapters. Engines load with the stage that needs
 * them, so that what reads only the ledger answers at once.
 */
export interface LocalLake {
  readonly folder: string;
  readonly configFile: string;
  readonly config: ResolvedLake;
  readonly ports: LakePorts;
  ingest(path: string, options?: FileOptions): Promise<Ingested>;
  /** Merges the next slice that waits; undefined when none does. */
  mergeNext(table: ResolvedTable): Promise<Merged | undefined>;
  status(): Promise<LakeStatus>;
  close(): Promise<void>;
}

/** Whether a lake has been begun in the folder. */
export function lakeExists(folder: string): Promise<boolean> {
  return access(join(folder, LEDGER)).then(
    () => true,
    () => false,
  );
}

const LEDGER = 'ledger';

/** @throws TM_1001 to TM_1006 for the config, TM_5105 when the ledger does not open */
export async function openLocalLake(where: Whereabouts): Promise<LocalLake> {
  const { config: configFile, folder } = await locate(where);
  const config = await loadConfig(configFile);
  const store = localStore(folder);
  const items = await openLocalItems(join(folder, LEDGER));
  const ports: LakePorts = {
    store,
    items,
    catalog: catalogOverStore(store),
    clock: systemClock(),
    ids: randomIds(),
  };
  return {
    folder,
    configFile,
    config,
    ports,
    async ingest(path, { again, ...options } = {}) {
      const { ingest } = require('../stages/ingest/ingest') as typeof import('../stages/ingest/ingest');
      const fresh = again ? { again: ports.ids.fresh() } : {};
      return ingest(ports, config, { ...(await landedFile(path)), ...options, ...fresh });
    },
    async mergeNext(table) {
      const { mergeNext } = require('../stages/merge') as typeof import('../stages/merge');
      return mergeNext(ports, table, config.limits);
    },
    async status() {
      const { lakeStatus } = require('../stages/status') as typeof import('../stages/status');
      return lakeStatus(ports, config);
    },
    close: () => items.close(),
  };
}
