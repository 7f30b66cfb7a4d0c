import type { Lake } from '../../lib/runtime/lake';

/** Where a run stands. */
export interface Site {
  readonly account: string;
  readonly region: string;
}

/** Everything that a run does outside of itself. */
export interface LiveWorld {
  /** Checks credentials, region and the CDK's bootstrap, and changes nothing. @throws when a deploy could not begin */
  site(): Promise<Site>;
  deploy(): Promise<void>;
  /** Puts a file into the landing, as whoever uploads does: nobody is told of it. */
  upload(key: string, body: Uint8Array): Promise<void>;
  /** A statement of a person in Athena; its rows as texts. */
  sql(text: string): Promise<readonly (readonly string[])[]>;
  /** The deployed lake, as the command line has it. */
  lake(): Promise<Lake>;
  /** Removes the lake with all of its data. */
  destroy(): Promise<void>;
  /** What still bears the lake's name: stacks, buckets, tables, databases. */
  remains(): Promise<readonly string[]>;
  /** Milliseconds since 1970. */
  now(): number;
  /** @throws when the run was interrupted meanwhile */
  pause(ms: number): Promise<void>;
  /** A line for whoever watches. */
  say(line: string): void;
}
