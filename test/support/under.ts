import type { LakeConfig } from '../../lib/config/define';
import { type TestLake, testLake } from './lake';

/** The same lake, its ports and its landing, under another config. */
export function under(lake: TestLake, config: LakeConfig): TestLake {
  return { ...lake, lake: testLake(config).lake };
}
