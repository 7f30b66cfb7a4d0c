import type { TableConfig } from '../../lib/config/define';
import { manifestSource } from '../../lib/stages/load/source/manifest';
import { type OrdersCopy, putOrders } from './copies';
import { type TestLake, testLake } from './lake';

/** S4's own case: partitions year and month, sorted by order_time, the newest first. */
export const ORDERS: TableConfig = {
  key: ['order_id'],
  columns: {
    order_id: 'string',
    order_time: 'timestamp',
    amount: 'bigint',
    record_id: 'string',
    create_time: 'timestamp',
    update_time: 'timestamp',
    year: 'string',
    month: 'string',
  },
  partitionBy: ['year', 'month'],
  load: {
    derive: {
      record_id: 'order_id',
      create_time: 'order_time',
      update_time: 'create_time',
      year: "strftime(create_time, '%Y')",
      month: "strftime(create_time, '%m')",
    },
    sortBy: [{ column: 'order_time', descending: true }],
    countOn: 'record_id',
  },
};

export async function ordersLake(): Promise<{ lake: TestLake; copy: OrdersCopy; target: number }> {
  const bare = testLake({ name: 'loads', tables: { orders: ORDERS } });
  const copy = await putOrders(bare.landing);
  const target = Math.floor(copy.bytes / 10) + 1;
  const load = { ...ORDERS.load, groupBytes: target };
  const lake = testLake({ name: 'loads', tables: { orders: { ...ORDERS, load } } });
  return { lake: { ...lake, landing: bare.landing }, copy, target };
}

export const sourceOf = (lake: TestLake, { summaryKey }: OrdersCopy) =>
  manifestSource(lake.landing, { table: 'orders', summary: summaryKey });
