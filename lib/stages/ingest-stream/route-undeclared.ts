import type { ResolvedLake } from '../../config/resolved';
import type { LakePorts } from '../../ports/lake-ports';
import { noteSources } from '../undeclared';
import { type Routable, type RouteOptions, type Routes, routeRecords } from './route';

/** routeRecords, where source tables that nobody declared get tables of their own first, if the config says so. */
export async function routeAll<R extends Routable>(
  ports: Pick<LakePorts, 'items' | 'clock'>,
  lake: ResolvedLake,
  records: readonly R[],
  options: RouteOptions,
): Promise<Routes<R>> {
  const routes = routeRecords(lake, records, options);
  if (routes.undeclared.length === 0) return routes;
  await noteSources(ports, lake, routes.undeclared);
  return routeRecords(lake, records, options);
}
