import { commitLoad } from '../../../lib/stages/load/commit';
import { entries, rulesLake, tableOf } from '../../protocol/rules';
import { beginOf, filesOf } from '../../support/loads';

test.each([false, true])(
  'commit.again: of a load that another has committed meanwhile, replace %s',
  async replaces => {
    const lake = rulesLake();
    const begun = (await beginOf(lake.ports, tableOf(lake), replaces))!;
    const copy = [{ id: 1n, a: 1, b: 'copy' }];
    const files = await filesOf(lake.ports, tableOf(lake), begun, copy, lake.lake.limits);
    const commit = () => commitLoad(lake.ports, tableOf(lake), begun.standing, files);
    expect(await commit()).toBe(1);
    // It read the load while that was under way: the entry that stands at its position is its own.
    expect(await commit()).toBeUndefined();
    expect(await entries(lake)).toHaveLength(1);
  },
);
