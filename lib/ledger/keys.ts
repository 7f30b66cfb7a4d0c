import type { ItemKey } from '../ports/items';

/**
 * The ledger's key design, whole. One partition a table, report or concern; sort keys order what is listed.
 *
 * | partition        | sort                    | what                                                      |
 * |------------------|-------------------------|-----------------------------------------------------------|
 * | table#<table>    | counter                 | next number, vacuum count, source generation              |
 * | table#<table>    | entry#<16 digits>       | a numbered entry of the log, or a pack that ends with it  |
 * | table#<table>    | source#<identity>       | a source object taken in, and as which entries            |
 * | table#<table>    | first-seen#<identity>   | a plain file's instant and its place among that instant's |
 * | table#<table>    | instant#<micros>        | how many plain files were first seen for an instant       |
 * | table#<table>    | load#<name>             | a LOAD object's identity: another under its name reloads  |
 * | received         | <identity>              | where a file's way stands, for trace                      |
 * | quarantine       | <identity>              | what was put aside, why, and where its bytes are          |
 * | report#<report>  | attempt#<date>          | the open attempt for a date                               |
 * | vacuum           | <object key>            | an object that nothing named, and since when              |
 */
export const counterKey = (table: string): ItemKey => ({ partition: tablePartition(table), sort: 'counter' });
export const entryKey = (table: string, n: number): ItemKey => ({
  partition: tablePartition(table),
  sort: `${ENTRY_PREFIX}${String(n).padStart(16, '0')}`,
});
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
export const receivedKey = (identity: string): ItemKey => ({ partition: 'received', sort: identity });
export const quarantineKey = (identity: string): ItemKey => ({ partition: 'quarantine', sort: identity });
export const attemptKey = (report: string, date: string): ItemKey => ({
  partition: `report#${report}`,
  sort: `attempt#${date}`,
});
export const vacuumKey = (objectKey: string): ItemKey => ({ partition: 'vacuum', sort: objectKey });

export const ENTRY_PREFIX = 'entry#';
export const tablePartition = (table: string) => `table#${table}`;
