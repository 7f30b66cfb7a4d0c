import { check, type Definition, type State } from './definition';
import { run, StateFailed, type Surroundings } from './runner';

const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  invoke: async (_, payload) => payload,
  child: ({ processor }, scope) => run(processor, scope, around(more)),
  goOn: () => {},
  ...more,
});

const machine = (states: Record<string, State>): Definition =>
  check({ StartAt: Object.keys(states)[0]!, States: states });

const task = (more: Partial<State> = {}): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'f', 'Payload.$': '$' },
  End: true,
  ...more,
});

const start = (input: unknown) => ({ input, context: {} });

test('runner.flow: payloads, paths, choices and items', async () => {
  const states = machine({
    First: task({ End: false, Next: 'Each', OutputPath: '$.Payload' }),
    Each: {
      Type: 'Map',
      Label: 'each',
      ItemsPath: '$.list',
      ItemSelector: { 'of.$': '$.name', 'n.$': '$$.Map.Item.Value' },
      ItemProcessor: {
        ...machine({
          Add: task({
            Parameters: { FunctionName: 'f', Payload: { do: 'add', 'asked.$': '$' } },
            ResultSelector: { 'left.$': '$.Payload.asked.n' },
            ResultPath: '$.did',
            End: false,
            Next: 'Enough',
          }),
          Enough: {
            Type: 'Choice',
            Choices: [{ Variable: '$.did.left', NumericEquals: 2, Next: 'Two' }],
            Default: 'Over',
          },
          Two: { Type: 'Pass', Result: 'two', End: true },
          Over: { Type: 'Succeed' },
        }),
        ProcessorConfig: { Mode: 'DISTRIBUTED' },
      },
      End: true,
    },
  });
  expect(await run(states, start({ name: 'a', list: [1, 2] }), around())).toEqual([
    { of: 'a', n: 1, did: { left: 1 } },
    'two',
  ]);
});

test('runner.retry: each retrier counts for itself; what none fits is caught, or ends it', async () => {
  const errors = ['Lambda.ServiceException', 'Boom', 'Lambda.ServiceException', 'Boom'];
  const invoke = async () => {
    const error = errors.shift();
    if (error) throw new StateFailed(error, 'why');
    return 'done';
  };
  const Retry = [
    { ErrorEquals: ['Lambda.ServiceException'], IntervalSeconds: 1, MaxAttempts: 2 },
    { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 1, MaxAttempts: 2 },
  ];
  const retried = machine({ T: task({ Retry, OutputPath: '$.Payload' }) });
  expect(await run(retried, start({}), around({ invoke }))).toBe('done');
  errors.push('Boom', 'Boom', 'Boom');
  await expect(run(retried, start({}), around({ invoke }))).rejects.toThrow('Boom: why');
  errors.splice(0, 9, 'States.Timeout');
  await expect(run(retried, start({}), around({ invoke }))).rejects.toThrow('States.Timeout');
  errors.push('Boom');
  const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Told', ResultPath: '$.error' }];
  const caught = machine({ T: task({ Catch }), Told: { Type: 'Succeed' } });
  expect(await run(caught, start({ a: 1 }), around({ invoke }))).toEqual({
    a: 1,
    error: { Error: 'Boom', Cause: 'why' },
  });
});

test.each([
  [0, false],
  [50, true],
])('runner.map: %i percent of failed items are tolerated', async (ToleratedFailurePercentage, fine) => {
  const Fails = machine({
    Odd: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 1, Next: 'No' }], Default: 'Yes' },
    No: { Type: 'Fail', Error: 'Odd' },
    Yes: { Type: 'Succeed' },
  });
  const ItemProcessor = { ...Fails, ProcessorConfig: { Mode: 'DISTRIBUTED' } };
  const states = machine({
    M: { Type: 'Map', Label: 'm', ToleratedFailurePercentage, ItemProcessor, End: true },
  });
  const ran = run(states, start([1, 2]), around());
  if (fine) expect(await ran).toEqual([2]);
  else await expect(ran).rejects.toThrow('States.ExceedToleratedFailureThreshold');
});

test('runner.unknown: whatever it does not go by is an error', () => {
  const unknown: [string, object][] = [
    ['Parallel', { Type: 'Parallel' }],
    ['HeartbeatSeconds', task({ HeartbeatSeconds: 5 } as object)],
    ['sqs:sendMessage', task({ Resource: 'arn:aws:states:::sqs:sendMessage' })],
    ['IsPresent', { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'T' }] }],
    ['distributed', { Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' } } }],
  ];
  for (const [said, state] of unknown) expect(() => machine({ T: state as State })).toThrow(said);
});
