import {
  AthenaClient,
  BatchGetQueryExecutionCommand,
  ListQueryExecutionsCommand,
} from '@aws-sdk/client-athena';
import { ATHENA, standIn } from '../endpoints';
import { queryEvents } from '../stand-ins/controls';
import type { Rules } from './rules';

const athena = new AthenaClient(standIn(ATHENA));

/** Athena's word that a statement has ended, as it reaches the rules. */
export interface QueryWatch {
  /** Hands out what has happened since; true if anything fitted a rule. */
  drain(): Promise<boolean>;
  /** Statements that are queued or run. */
  running(): Promise<number>;
}

export function watchQueries(workgroup: string, { emit }: Rules): QueryWatch {
  let seen = 0;
  const ended = new Set<string>();
  return {
    async drain() {
      const events = (await queryEvents(workgroup)).slice(seen);
      seen += events.length;
      const fitted = await Promise.all(events.map(event => emit(event)));
      return fitted.includes(true);
    },
    async running() {
      const listed = await athena.send(new ListQueryExecutionsCommand({ WorkGroup: workgroup }));
      const open = listed.QueryExecutionIds?.filter(id => !ended.has(id)) ?? [];
      if (open.length === 0) return 0;
      const asked = new BatchGetQueryExecutionCommand({ QueryExecutionIds: open });
      const { QueryExecutions = [] } = await athena.send(asked);
      const isOver = (state?: string) => state !== 'QUEUED' && state !== 'RUNNING';
      for (const { QueryExecutionId, Status } of QueryExecutions)
        if (isOver(Status?.State)) ended.add(QueryExecutionId!);
      return open.filter(id => !ended.has(id)).length;
    },
  };
}
