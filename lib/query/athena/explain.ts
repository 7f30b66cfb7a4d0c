/**
 * The engine's plan of a SELECT, found without running it. Athena binds parameters in SELECT, INSERT INTO, CREATE TABLE
 * AS and UNLOAD, and says nothing of EXPLAIN: the text must hold its values.
 * @see https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
 */
export function explainSql(select: string): string {
  return `EXPLAIN ${select}`;
}
