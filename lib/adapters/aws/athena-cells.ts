import type { ColumnInfo, Datum } from '@aws-sdk/client-athena';
import type { Cell, ResultColumn } from '../../ports/query-engine';

/** Athena's types whose names are not DuckDB's; others are only written in capitals. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  real: 'FLOAT',
  varbinary: 'BLOB',
  string: 'VARCHAR',
  int: 'INTEGER',
};

/** A column of an answer, its type spelled as DuckDB spells the same type. */
export function columnOf({ Name = '', Type = '', Precision, Scale }: ColumnInfo): ResultColumn {
  const type = Type.toLowerCase();
  if (type === 'decimal') return { name: Name, type: `DECIMAL(${Precision},${Scale})` };
  // `timestamp(6)` and `varchar(10)` as the engine below says them; DuckDB's types have no length.
  const bare = type.replace(/^(varchar|char|timestamp|time)\(\d+\)/, '$1');
  return { name: Name, type: TYPE_NAMES[bare] ?? bare.toUpperCase() };
}

/** A value of an answer as lib/ports/query-engine.ts has it; Athena sends each as text, and NULL as nothing. */
export function cellOf({ VarCharValue: text }: Datum, { type }: ResultColumn): Cell {
  if (text === undefined) return null;
  switch (type) {
    case 'BOOLEAN':
      return text === 'true';
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'FLOAT':
    case 'DOUBLE':
      return Number(text);
    case 'BIGINT':
      return BigInt(text);
    case 'BLOB':
      return text.replaceAll(' ', '');
    case 'TIMESTAMP':
      return trimmed(text);
    case 'TIMESTAMP WITH TIME ZONE':
      return utcOf(text);
    default:
      return text;
  }
}

/** Without the fraction's last zeros. */
function trimmed(timestamp: string): string {
  return timestamp.replace(/\.?0*$/, end => (timestamp.includes('.') ? '' : end));
}

/** Athena's sessions are in UTC; another zone stands as the statement made it. */
function utcOf(timestamp: string): string {
  const utc = / (?:UTC|Z|\+00:00)$/;
  return utc.test(timestamp) ? `${trimmed(timestamp.replace(utc, ''))}+00` : timestamp;
}
