import { defineLake } from 'tidemark';

// Whoever buys a sword is one row, whichever other events the game sends.
export default defineLake({
  name: 'sword-shop',
  tables: {
    sword_purchases: {
      mode: 'append',
      from: 'events',
      where: { event_type: 'purchase_sword' },
      columns: {
        raw_event: 'string',
        timestamp: 'string',
        accept: 'string',
        host: 'string',
        user_agent: 'string',
        event_type: 'string',
      },
      aliases: { user_agent: ['User-Agent'] },
      record: { text: 'raw_event', arrivedAt: 'timestamp' },
      // The other headers of a request.
      others: 'omit',
      freshness: '1 second',
    },
  },
  sources: {
    events: { kind: 'http' },
  },
});
