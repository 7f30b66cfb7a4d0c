import { defineLake } from 'tidemark';

export default defineLake({
  name: 'shop',
  tables: {
    orders: {
      key: ['order_id'],
      columns: { order_id: 'bigint', customer: 'string', amount: 'decimal(10,2)', ordered_at: 'timestamptz' },
      watch: true,
    },
  },
  reports: { orders_daily: { table: 'orders', schedule: 'daily' } },
});
