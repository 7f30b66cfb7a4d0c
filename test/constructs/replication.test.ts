import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { control, type Replications } from '../../lambdas/replication/handler';

const ARN = 'arn:aws:dms:us-east-1:123456789012:replication-config:shop';

/** DMS as far as states go: what is started runs, what is stopped stops after two looks. */
function dms(status: string | undefined, begun = false) {
  const calls: string[] = [];
  let state = status;
  let looks = 0;
  const replications: Replications = {
    async find() {
      if (state === 'stopping' && ++looks > 2) state = 'stopped';
      if (state === 'modifying' && ++looks > 2) state = 'stopped';
      return state === undefined ? undefined : { status: state, begun };
    },
    async start(_, how) {
      calls.push(how);
      state = 'initializing';
    },
    async stop() {
      calls.push('stop');
      state = 'stopping';
    },
  };
  return { calls, replications, state: () => state };
}

async function run(
  moment: string,
  request: 'Create' | 'Update' | 'Delete',
  { replications }: ReturnType<typeof dms>,
  leftMs = 900_000,
): Promise<number> {
  let waited = 0;
  const pause = {
    wait: async (ms: number) => {
      waited += ms;
    },
    leftMs: () => leftMs - waited,
  };
  const event = {
    RequestType: request,
    ResourceProperties: { ServiceToken: '', Moment: moment, Replication: ARN, SettleSeconds: '30' },
  } as unknown as CloudFormationCustomResourceEvent;
  await control(event, replications, pause);
  return waited;
}

test('replication.first deploy: waits for the roles, then loads from the beginning', async () => {
  const made = dms(undefined);
  expect(await run('before', 'Create', made)).toBe(30_000);
  expect(made.calls).toEqual([]);
  await run('after', 'Create', made);
  expect(made.calls).toEqual(['start-replication']);
});

test('replication.update: stops, is changed, and goes on where it was', async () => {
  const made = dms('running', true);
  expect(await run('before', 'Update', made)).toBeGreaterThan(0);
  expect(made.state()).toBe('stopped');
  await run('after', 'Update', made);
  expect(made.calls).toEqual(['stop', 'resume-processing']);
});

test.each([
  ['stopped', true, 'resume-processing'],
  ['failed', true, 'resume-processing'],
  ['failed', false, 'start-replication'],
  ['created', false, 'start-replication'],
  ['modifying', true, 'resume-processing'],
])('replication.start from %s (begun: %s) by %s', async (status, begun, how) => {
  const made = dms(status, begun);
  await run('after', 'Update', made);
  expect(made.calls).toEqual([how]);
});

test('replication.again: a moment that is answered twice does nothing twice', async () => {
  const running = dms('running', true);
  await run('after', 'Update', running);
  expect(running.calls).toEqual([]);
  const stopping = dms('stopping', true);
  await run('before', 'Update', stopping);
  expect(stopping.calls).toEqual([]);
  expect(stopping.state()).toBe('stopped');
});

test('replication.delete: stops before the settings go, and does not start again', async () => {
  const made = dms('running', true);
  await run('after', 'Delete', made);
  await run('before', 'Delete', made);
  expect(made.calls).toEqual(['stop']);
  expect(made.state()).toBe('stopped');
});

test('replication.too slow: says so before its own time is over', async () => {
  const made = dms('running', true);
  made.replications.find = async () => ({ status: 'stopping', begun: true });
  await expect(run('before', 'Update', made)).rejects.toThrow('still stopping');
});
