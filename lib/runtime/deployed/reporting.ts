import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedReport } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { readSteppedAttempt, type SteppedAttempt } from '../../ledger/stepped-attempts';
import type { QueryEngine } from '../../ports/query-engine';
import { continueReport, startReport } from '../../stages/athena-report/athena-report';
import { checkReportOnAthena } from '../../stages/athena-report/check';
import type { ReportProgress } from '../../stages/athena-report/ports';
import { filesOfDate } from '../../stages/report/adopt';
import { liveFiles } from '../../table/live-files';
import { openTable } from '../../table/open';
import type { AwsQueryLake } from '../aws-queries';
import type { Lake } from '../lake';
import { toldError } from './told-error';

/** Athena takes seconds at least. */
const LOOK_MS = 1000;

/**
 * Reports that Athena builds. Whoever is first goes on with a run, this or a function of the lake: each step is the
 * attempt's, in the ledger, so that both may try and either may stop.
 */
export function reporting(
  { config, queryPorts: ports }: AwsQueryLake,
  engine: () => QueryEngine,
): Pick<Lake, 'report' | 'checkReport'> {
  return {
    async report(report, date, { wait = true } = {}) {
      const before = await filesOf(ports, report, date);
      const last = (await readSteppedAttempt(ports.items, report.name, date))?.attempt;
      const was = last?.state === 'open' ? undefined : last?.id;
      let progress = await startReport(ports, config, report, date);
      if (!wait && progress.did !== 'failed') return { outcome: 'started' };
      for (;;) {
        const attempt = await standing(progress, report.name, date);
        if (attempt?.state === 'failed' && attempt.id !== was) throw failureOf(attempt);
        if (attempt?.state === 'succeeded' && attempt.id !== was) break;
        await sleep(LOOK_MS);
        // Another date of the report makes its table first: then this one is still to begin.
        const goOn = progress.did === 'waits' ? startReport : continueReport;
        progress = await goOn(ports, config, report, date);
      }
      const after = await filesOf(ports, report, date);
      return { outcome: 'built', rows: after.rows, bytes: after.bytes, replaced: before.files > 0 };
    },
    checkReport: (report, date) =>
      checkReportOnAthena({ ...ports, query: engine() }, config, { report, date }),
  };

  async function standing({ attempt }: ReportProgress, report: string, date: string) {
    return attempt ?? (await readSteppedAttempt(ports.items, report, date))?.attempt;
  }
}

async function filesOf(
  ports: AwsQueryLake['queryPorts'],
  { name: report }: ResolvedReport,
  date: string,
): Promise<{ files: number; rows: number; bytes: number }> {
  const open = await openTable(ports, report);
  const files = open ? filesOfDate(open, await liveFiles(ports.store, open.metadata), { report, date }) : [];
  const data = files.map(live => live.file).filter(file => file.content === 0);
  return {
    files: data.length,
    rows: data.reduce((sum, file) => sum + file.recordCount, 0),
    bytes: data.reduce((sum, file) => sum + file.size, 0),
  };
}

/** The error that closed an attempt, as it was thrown: the ledger has its text. */
function failureOf({ error = '', report, date }: SteppedAttempt): TidemarkError {
  return toldError(error) ?? new TidemarkError('TM_6103', error, `report ${report}, ${date}`, 'run it again');
}
