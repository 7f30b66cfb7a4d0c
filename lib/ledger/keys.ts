import type { ItemKey } from '../ports/items';

/** Whose tasks: a load (a name without `#`) and one of its steps. */
export interface TaskScope {
  readonly load: string;
  readonly step: string;
}

/**
 * The ledger's key design, whole. One partition a table, report or concern; sort keys order what is listed.
 *
 * | partition        | sort                    | what                                                      |
 * |------------------|-------------------------|-----------------------------------------------------------|
 * | table#<table>    | counter                 | next number, vacuum count, source generation              |
 * | table#<table>    | entry#<16 digits>       | a numbered entry of the log, or a pack that ends with it  |
 * | table#<table>    | compacted               | through which entry the log's compaction has looked       |
 * | table#<table>    | paused                  | since when nothing of the table is merged                 |
 * | table#<table>    | aside                   | what merges have folded of a load that no commit names yet |
 * | table#<table>    | source#<identity>       | a source object taken in, and as which entries            |
 * | table#<table>    | first-seen#<identity>   | a plain file's instant and its place among that instant's |
 * | table#<table>    | instant#<micros>        | how many plain files were first seen for an instant       |
 * | table#<table>    | load#<name>             | a LOAD object's identity: another under its name reloads  |
 * | table#<table>    | loading                 | the load that is under way                                |
 * | table#<table>    | loaded#<ordinal>        | a load that was committed or given up                     |
 * | table#<table>    | cursor#<stream>#<shard> | how far a shard's records of the table were taken in      |
 * | events#<table>   | ids#<16 digits>#<name>  | ids of events that came in, by when the last was received |
 * | load#<load>      | begun                   | that a load of this name was begun                        |
 * | load#<load>      | recipe                  | by which recipe its steps are done now                    |
 * | tasks#<load>#<step> | task#<id>           | a task of a load's step: its state, try, token, errors    |
 * | tasks#<load>#<step> | state#<n>#<ms>#<id> | that it is in this state, and since (in progress: until) when |
 * | tasks#<load>#<step> | count#<2 digits>    | tasks by state, of those whose ids fall to this share     |
 * | stream#<stream>  | shard#<shard>           | how far a shard's records of no table were put aside      |
 * | stream#<stream>  | lone#<shard>            | a record that came alone, and how often its reader died   |
 * | stream#<stream>  | file#<content>          | a file of records as a shard: which, and when it came     |
 * | record-files     | <source>                | how many files of its records came, and when the last did |
 * | schemas#<source> | <fingerprint>           | a writer's Avro schema                                    |
 * | schemas#<source> | gate#<n>                | moved by each schema that comes                           |
 * | awaiting#<source> | <stream>#<shard>#<sequence> | records that were put aside unread, up to this one   |
 * | unread#<source>  | <fingerprint>#<id>      | quarantined records that wait for a writer's schema       |
 * | undeclared       | <4 digits>              | a source table that nobody declared, and its table        |
 * | received         | <identity>              | where a file's way stands, for trace                      |
 * | quarantine       | <identity>              | what was put aside, why, and where its bytes are          |
 * | waiting          | <table>                 | a table with entries that no merge has finished with      |
 * | report#<report>  | attempt#<date>          | the open attempt for a date                               |
 * | report#<report>  | first                   | the attempt that may make the report's table              |
 * | report#<report>  | scheduled               | the last date that the schedule has begun                 |
 * | reporting        | <report>#<date>         | a date of a report that something is still to be done for |
 * | view             | <table>                 | the text its history view was last made with, and a query |
 * | vacuum           | <object key>            | an object that nothing named, and since when              |
 * | vacuum-listing   | open                    | the last object that the open listing has looked at       |
 * | landed           | <landing key>           | an object of the landing that was dealt with, by its etag |
 * | landing-folder   | <folder>/               | the last name that a sweep has seen in a folder           |
 * | landing-listing  | open                    | the open listing of the landing and how far it has come   |
 */
export const counterKey = (table: string): ItemKey => ({ partition: tablePartition(table), sort: 'counter' });
export const entryKey = (table: string, n: number): ItemKey => ({
  partition: tablePartition(table),
  sort: `${ENTRY_PREFIX}${String(n).padStart(16, '0')}`,
});
export const compactedKey = (table: string): ItemKey => ({
  partition: tablePartition(table),
  sort: 'compacted',
});
export const pausedKey = (table: string): ItemKey => ({ partition: tablePartition(table), sort: 'paused' });
export const asideKey = (table: string): ItemKey => ({ partition: tablePartition(table), sort: 'aside' });
export const sourceKey = (table: string, identity: string): ItemKey => ({
  partition: tablePartition(table),
  sort: `source#${identity}`,
});
export const firstSeenKey = (table: string, identity: string): ItemKey => ({
  partition: tablePartition(table),
  sort: `first-seen#${identity}`,
});
export const instantKey = (table: string, micros: bigint): ItemKey => ({
  partition: tablePartition(table),
  sort: `instant#${micros}`,
});
export const loadKey = (table: string, name: string): ItemKey => ({
  partition: tablePartition(table),
  sort: `load#${name}`,
});
export const loadingKey = (table: string): ItemKey => ({ partition: tablePartition(table), sort: 'loading' });
export const begunKey = (load: string): ItemKey => ({ partition: `load#${load}`, sort: 'begun' });
export const recipeKey = (load: string): ItemKey => ({ partition: `load#${load}`, sort: 'recipe' });
export const loadedKey = (table: string, ordinal: number): ItemKey => ({
  partition: tablePartition(table),
  sort: `${LOADED_PREFIX}${String(ordinal).padStart(8, '0')}`,
});
/** @param at milliseconds since 1970 */
export const eventIdsKey = (table: string, at: number, name: string): ItemKey => ({
  partition: eventIdsPartition(table),
  sort: `${EVENT_IDS_PREFIX}${String(at).padStart(16, '0')}#${name}`,
});
export const cursorKey = (table: string, stream: string, shard: string): ItemKey => ({
  partition: tablePartition(table),
  sort: `${cursorPrefix(stream)}${shard}`,
});
export const taskKey = (scope: TaskScope, id: string): ItemKey => ({
  partition: tasksPartition(scope),
  sort: `task#${id}`,
});
/** @param at milliseconds since 1970: what the tasks of a state are listed by */
export const taskPlaceKey = (scope: TaskScope, state: number, at: number, id: string): ItemKey => ({
  partition: tasksPartition(scope),
  sort: `${taskPlacePrefix(state)}${String(at).padStart(16, '0')}#${id}`,
});
export const taskCountKey = (scope: TaskScope, share: number): ItemKey => ({
  partition: tasksPartition(scope),
  sort: `${TASK_COUNT_PREFIX}${String(share).padStart(2, '0')}`,
});
export const shardKey = (stream: string, shard: string): ItemKey => ({
  partition: `stream#${stream}`,
  sort: `shard#${shard}`,
});
export const loneKey = (stream: string, shard: string): ItemKey => ({
  partition: `stream#${stream}`,
  sort: `lone#${shard}`,
});
export const recordFileKey = (stream: string, content: string): ItemKey => ({
  partition: `stream#${stream}`,
  sort: `file#${content}`,
});
export const newestFileKey = (source: string): ItemKey => ({
  partition: RECORD_FILES_PARTITION,
  sort: source,
});
export const schemaKey = (source: string, fingerprint: string): ItemKey => ({
  partition: schemasPartition(source),
  sort: fingerprint,
});
export const schemaGateKey = (source: string, gate: number): ItemKey => ({
  partition: schemasPartition(source),
  sort: `gate#${gate}`,
});
/** @param last a sequence number, written so that such texts stand in its order */
export const awaitingKey = (source: string, stream: string, shard: string, last: string): ItemKey => ({
  partition: awaitingPartition(source),
  sort: `${awaitingPrefix(stream, shard)}${last}`,
});
export const unreadKey = (source: string, fingerprint: string, id: string): ItemKey => ({
  partition: unreadPartition(source),
  sort: `${fingerprint}#${id}`,
});
export const undeclaredKey = (ordinal: number): ItemKey => ({
  partition: UNDECLARED_PARTITION,
  sort: String(ordinal).padStart(4, '0'),
});
export const receivedKey = (identity: string): ItemKey => ({ partition: 'received', sort: identity });
export const quarantineKey = (identity: string): ItemKey => ({ partition: 'quarantine', sort: identity });
export const waitingKey = (table: string): ItemKey => ({ partition: WAITING_PARTITION, sort: table });
export const attemptKey = (report: string, date: string): ItemKey => ({
  partition: `report#${report}`,
  sort: `attempt#${date}`,
});
export const firstRunKey = (report: string): ItemKey => ({ partition: `report#${report}`, sort: 'first' });
export const scheduledKey = (report: string): ItemKey => ({
  partition: `report#${report}`,
  sort: 'scheduled',
});
export const reportingKey = (report: string, date: string): ItemKey => ({
  partition: REPORTING_PARTITION,
  sort: `${report}#${date}`,
});
export const viewKey = (table: string): ItemKey => ({ partition: VIEW_PARTITION, sort: table });
export const vacuumKey = (objectKey: string): ItemKey => ({ partition: VACUUM_PARTITION, sort: objectKey });
export const vacuumListingKey: ItemKey = { partition: 'vacuum-listing', sort: 'open' };
export const landedKey = (key: string): ItemKey => ({ partition: LANDED_PARTITION, sort: key });
export const folderKey = (folder: string): ItemKey => ({ partition: FOLDER_PARTITION, sort: folder });
export const listingKey: ItemKey = { partition: 'landing-listing', sort: 'open' };

export const WAITING_PARTITION = 'waiting';
export const UNDECLARED_PARTITION = 'undeclared';
export const VACUUM_PARTITION = 'vacuum';
export const REPORTING_PARTITION = 'reporting';
export const VIEW_PARTITION = 'view';
export const EVENT_IDS_PREFIX = 'ids#';
export const ENTRY_PREFIX = 'entry#';
export const LOADED_PREFIX = 'loaded#';
export const LANDED_PARTITION = 'landed';
export const FOLDER_PARTITION = 'landing-folder';
export const TASK_COUNT_PREFIX = 'count#';
export const RECORD_FILES_PARTITION = 'record-files';
export const taskPlacePrefix = (state: number) => `state#${String(state).padStart(3, '0')}#`;
export const cursorPrefix = (stream: string) => `cursor#${stream}#`;
export const tasksPartition = ({ load, step }: TaskScope) => `tasks#${load}#${step}`;
export const eventIdsPartition = (table: string) => `events#${table}`;
const schemasPartition = (source: string) => `schemas#${source}`;
export const awaitingPartition = (source: string) => `awaiting#${source}`;
export const awaitingPrefix = (stream: string, shard: string) => `${stream}#${shard}#`;
export const unreadPartition = (source: string) => `unread#${source}`;
export const tablePartition = (table: string) => `table#${table}`;
