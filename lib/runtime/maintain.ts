import type { ResolvedLake } from '../config/resolved';
import { pauseTable, resumeTable } from '../ledger/paused';
import { listQuarantined } from '../ledger/quarantine';
import type { LakePorts } from '../ports/lake-ports';
import { localDate } from '../stages/ingest/dates';
import { learnUndeclared } from '../stages/undeclared';
import type { Lake } from './lake';

type Maintained = Pick<
  Lake,
  | 'pause'
  | 'resume'
  | 'status'
  | 'trace'
  | 'quarantined'
  | 'replay'
  | 'rebuild'
  | 'compactNext'
  | 'vacuum'
  | 'today'
  | 'schema'
  | 'tags'
>;

/**
 * What is done alike wherever a lake stands: by its ports alone. Stages load with the command that needs them, so that
 * what reads only the ledger answers at once.
 */
export function maintained(ports: LakePorts, config: ResolvedLake): Maintained {
  return {
    pause: ({ name }) => pauseTable(ports.items, name, ports.clock.now()),
    resume: ({ name }) => resumeTable(ports.items, name),
    async status() {
      // A library may hold the lake open for long.
      await learnUndeclared(ports, config);
      const { lakeStatus } = await import('../stages/status');
      return lakeStatus(ports, config);
    },
    async trace(name) {
      const { traceFile } = await import('../stages/trace');
      return traceFile(ports, config, name);
    },
    quarantined: () => listQuarantined(ports.items),
    async replay(which, asked) {
      const { replay } = await import('../stages/replay');
      return replay(ports, config, which, asked);
    },
    async rebuild(table) {
      const { rebuild } = await import('../stages/rebuild');
      return rebuild(ports, table, config.limits);
    },
    async compactNext(table) {
      const { compactNext } = await import('../stages/compact/compact');
      return compactNext(ports, table, config.limits);
    },
    schema: {
      async show(table) {
        const { showSchema } = await import('../stages/schema/show');
        return showSchema(ports, table);
      },
      async diff(table) {
        const { planSchema } = await import('../stages/schema/plan');
        return planSchema(ports, table);
      },
      async apply(table, options) {
        const { applySchema } = await import('../stages/schema/apply');
        return applySchema(ports, config, table, options);
      },
    },
    tags: {
      async add(table, name, point = 'now') {
        const { addTag } = await import('../stages/tags');
        const { parseAsOf } = await import('../query/as-of');
        return addTag(ports, table, name, parseAsOf(point, ports.clock.now(), config.timezone));
      },
      async drop(table, name) {
        const { dropTag } = await import('../stages/tags');
        return dropTag(ports, table, name);
      },
      async list() {
        const { listTags } = await import('../stages/tags');
        return listTags(ports);
      },
    },
    async vacuum() {
      const { vacuum } = await import('../stages/vacuum/vacuum');
      const { forgetOldEvents } = await import('../stages/vacuum/forget-events');
      await forgetOldEvents(ports, config);
      return vacuum(ports);
    },
    today: () => localDate(ports.clock.now(), config.timezone),
  };
}
