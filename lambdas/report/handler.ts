import type { EventBridgeEvent, SQSEvent } from 'aws-lambda';
import { reportOfJob } from '../../lib/ledger/stepped-attempts';
import type { AwsQueryLake } from '../../lib/runtime/aws-queries';
import { continueReport } from '../../lib/stages/athena-report/athena-report';
import { forgetStrays } from '../../lib/stages/athena-report/staging';
import { continueViews } from '../../lib/stages/views';
import { queueHandler } from '../queue';
import { count, logger } from '../telemetry';
import type { Invocation } from '../time';
import { withTables } from '../with-tables';

export type QueryEnded = EventBridgeEvent<'Athena Query State Change', { readonly queryExecutionId: string }>;

/** A date of a report to go on with, or a query that ended: the one that waits for it, report or view, goes on. */
export function report(lake: Pick<AwsQueryLake, 'config' | 'ports' | 'queryPorts'>) {
  const { config, queryPorts: ports } = lake;
  const goOn = async (of: { readonly report: string; readonly date: string }) => {
    const declared = config.reports.find(r => r.name === of.report);
    if (!declared) return logger.warn('no such report is declared any more', of);
    const { did, attempt, scannedBytes } = await continueReport(ports, config, declared, of.date);
    // The reason stands in the ledger: an engine's words may quote a value.
    logger.info(did, { ...of, step: attempt?.step, job: attempt?.job, scannedBytes });
    if (did === 'failed') count('reportsFailed', 1);
    if (did === 'failed' || did === 'succeeded') await forgetStrays(ports);
  };
  const messages = queueHandler(lake, goOn);
  return (event: SQSEvent | QueryEnded, invocation: Invocation) => {
    if ('Records' in event) return messages(event, invocation);
    return withTables({ config, ports }, async () => {
      const of = await reportOfJob(ports.items, event.detail.queryExecutionId);
      await (of ? goOn(of) : continueViews(ports, config));
    });
  };
}
