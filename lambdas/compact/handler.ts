import type { AwsLake } from '../../lib/runtime/aws';
import { compactNext } from '../../lib/stages/compact/compact';
import { count, failed, logger } from '../telemetry';
import { type Invocation, untilOf } from '../time';
import { withTables } from '../with-tables';

/** A piece of work is begun only with so much time left; one is bounded as a merge's slice is. */
const PIECE_MS = 180_000;
const HOUR_MS = 3_600_000;

/** Every hour: small files of each table and its log become few, piece by piece, as long as time remains. */
export function compact({ config, ports }: Pick<AwsLake, 'config' | 'ports'>) {
  return (_event: unknown, invocation: Invocation): Promise<void> =>
    withTables({ config, ports }, async () => {
      const until = untilOf(ports.clock, invocation);
      for (const table of inTurn(config.tables, ports.clock.now())) {
        try {
          while (until.leftMs() > PIECE_MS) {
            const done = await compactNext(ports, table, config.limits);
            if (!done) break;
            const { before, after } = done.files;
            logger.info('compacted', { table: done.table, before, after, rows: done.rows });
            count('filesCompacted', before - after, table);
          }
        } catch (error) {
          failed(`the compaction of ${table.name} failed`, error);
        }
      }
    });
}

/** Each hour begins with another table, so that one with much to do leaves its time to the others. */
function inTurn<T>(tables: readonly T[], now: number): T[] {
  const first = Math.floor(now / HOUR_MS) % Math.max(tables.length, 1);
  return [...tables.slice(first), ...tables.slice(0, first)];
}
