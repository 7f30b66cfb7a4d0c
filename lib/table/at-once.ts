/** Footers that are read at once: each is a request, and a small file is held whole for its own. */
export const FOOTERS_AT_ONCE = 24;

/** `work` on every item, so many at a time; results in the order of the items. The first failure ends it. */
export async function mapAtOnce<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!);
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  } finally {
    next = items.length;
  }
  return results;
}

/** So many items at a time, as they come. */
export async function* batchesOf<T>(items: AsyncIterable<T>, atMost: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < atMost) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
