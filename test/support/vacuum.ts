import type { LakePorts } from '../../lib/ports/lake-ports';
import { type Vacuumed, vacuum } from '../../lib/stages/vacuum/vacuum';

/** One run that notes and one that removes, as if the margin between them were over. */
export async function vacuumAtOnce(ports: LakePorts): Promise<Vacuumed> {
  await vacuum(ports, 0);
  return vacuum(ports, 0);
}
