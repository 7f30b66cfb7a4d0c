import type { FixedClock } from '../../lib/adapters/memory/clock';
import type { ResolvedReport } from '../../lib/config/resolved';
import { currentSchema } from '../../lib/iceberg/metadata';
import { readSteppedAttempt } from '../../lib/ledger/stepped-attempts';
import type { ResultColumn, Statement } from '../../lib/ports/query-engine';
import { continueReport, startReport } from '../../lib/stages/athena-report/athena-report';
import type { AthenaReportPorts, ReportProgress } from '../../lib/stages/athena-report/ports';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { theTable } from './foreign';
import { mergeAll, readRows, type TestLake, take, testLake } from './lake';
import { type Fate, type MemoryJobs, memoryJobs } from './memory-jobs';
import { type Answer, DATABASES, memoryStaging, reportEngine } from './report-engine';

/** A report `r` of SQL, or of `t`, on an engine in memory, which runs what it was sent when it is told to. */
export class AthenaReportLake {
  lake: TestLake;
  readonly jobs: MemoryJobs;
  readonly ports: AthenaReportPorts;
  /** Runs a statement as anybody might, past the jobs. */
  readonly execute: ReturnType<typeof reportEngine>;
  /** What the report's SELECT gives for a date. */
  columns: readonly ResultColumn[] = COLUMNS;
  rowsOf: (date: string) => Answer['rows'] = date => [[1n, date]];
  /** What becomes of the writes that run from now on, each in turn; then all succeed. */
  fates: Fate[] = [];
  sql = 'SELECT id, a FROM t';
  private received = 0;

  constructor({ table, ...report }: { readonly schedule?: 'daily'; readonly table?: 't' } = {}) {
    this.lake = testLake({
      name: 'lake',
      tables: { t: { key: ['id'], columns: { id: 'bigint', v: 'int' } } },
      reports: { r: { ...(table ? { table } : { sql: 'r.sql' }), ...report } },
    });
    const staging = memoryStaging();
    const answer = (date: string | undefined): Answer => ({
      columns: this.columns,
      rows: date === undefined ? [] : this.rowsOf(date),
    });
    this.execute = reportEngine(this.lake.ports, staging, answer);
    this.jobs = memoryJobs({
      execute: this.execute,
      fate: ({ sql }) => (isDescribe({ sql }) ? 'succeeds' : (this.fates.shift() ?? 'succeeds')),
    });
    this.ports = {
      ...this.lake.ports,
      jobs: this.jobs,
      staging,
      readSql: async () => this.sql,
      databases: DATABASES,
    };
  }

  get report(): ResolvedReport {
    return this.lake.lake.reports[0]!;
  }

  start(date: string, ports = this.ports): Promise<ReportProgress> {
    return startReport(ports, this.lake.lake, this.report, date);
  }

  goOn(date: string, ports = this.ports): Promise<ReportProgress> {
    return continueReport(ports, this.lake.lake, this.report, date);
  }

  /** Starts a date, and lets the engine and the stage go on in turn until the attempt is closed. */
  async build(date: string): Promise<ReportProgress> {
    let progress = await this.start(date);
    while (progress.did === 'runs') {
      await this.jobs.finish();
      progress = await this.goOn(date);
    }
    return progress;
  }

  /** As far as the write's statement, which is started and has not run. */
  async beginWrite(date: string): Promise<void> {
    await this.start(date);
    await this.jobs.finish();
    await this.goOn(date);
  }

  /** The statements that write, without what they select. */
  get writes(): string[] {
    const writes = this.jobs.started.filter(statement => !isDescribe(statement));
    return writes.map(({ sql }) =>
      sql.replace(/ (WITH )?\([\s\S]*$/, '').replace(/(_staging"\."r_)[^"]+/, '$1*'),
    );
  }

  async shown(): Promise<string[]> {
    const day = (days: unknown) => new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);
    const rows = await readRows(this.ports, 'r');
    return rows.map(({ report_date, ...row }) => [day(report_date), ...Object.values(row)].join(' ')).sort();
  }

  async files(): Promise<string[]> {
    const open = await openTable(this.ports, 'r');
    return open ? (await liveFiles(this.ports.store, open.metadata)).data.map(({ file }) => file.path) : [];
  }

  async columnNames(): Promise<string[]> {
    return currentSchema((await theTable(this.ports, 'r')).metadata).fields.map(f => `${f.id} ${f.name}`);
  }

  async attempt(date: string) {
    return (await readSteppedAttempt(this.ports.items, 'r', date))?.attempt;
  }

  wait(minutes: number): void {
    (this.ports.clock as FixedClock).advance(minutes * 60_000);
  }

  /** A file of the report's table `t`, received on a date; merged at once or left waiting. */
  async receive(date: string, { merged = true } = {}): Promise<void> {
    const n = this.received++;
    await take(this.lake, `${n}/t.csv`, `id,v\n1,${n}\n`, { date, table: 't' });
    if (merged) await mergeAll(this.lake, 't');
  }
}

const COLUMNS = [
  { name: 'id', type: 'BIGINT' },
  { name: 'a', type: 'VARCHAR' },
];

const isDescribe = ({ sql }: Pick<Statement, 'sql'>) => / LIMIT 0$/.test(sql);
