import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDuckDb } from '../../lib/adapters/local/duckdb';
import { localStore } from '../../lib/adapters/local/object-store';
import { fixedClock } from '../../lib/adapters/memory/clock';
import { seededIds } from '../../lib/adapters/memory/ids';
import { memoryItems } from '../../lib/adapters/memory/items';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import type { LakeConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import type { WritingEngine } from '../../lib/ports/query-engine';
import type { TestLake } from '../support/lake';
import { SCRATCH } from '../support/scratch';

export interface LocalLake extends TestLake {
  readonly folder: string;
  readonly engine: WritingEngine;
}

/** Lakes in fresh folders that DuckDB can read; removed after the file's tests. */
export function localLakes(): (config: LakeConfig, configFile?: string) => Promise<LocalLake> {
  const made: LocalLake[] = [];
  afterAll(async () => {
    for (const lake of made) {
      await lake.engine.close();
      rmSync(lake.folder, { recursive: true, force: true });
    }
  });
  return async (config, configFile = '/config/tidemark.config.ts') => {
    const folder = mkdtempSync(join(SCRATCH, 'tidemark-query-'));
    const store = localStore(folder);
    const lake: LocalLake = {
      folder,
      ports: {
        store,
        items: memoryItems(),
        catalog: catalogOverStore(store),
        clock: fixedClock(Date.UTC(2026, 0, 1)),
        ids: seededIds(made.length + 1),
      },
      landing: memoryStore('mem://landing'),
      lake: resolveLake(config, configFile),
      engine: await openDuckDb({ threads: 2, folders: [folder] }),
    };
    made.push(lake);
    return lake;
  };
}
