import { randomUUID } from 'node:crypto';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { type StateMachine, stateMachine } from '../../../lib/adapters/aws/state-machine';
import { MOTO, standIn } from '../endpoints';

const client = new SFNClient(standIn(MOTO));
let machine: StateMachine;

beforeAll(async () => {
  const definition = JSON.stringify({
    StartAt: 'Wait',
    States: { Wait: { Type: 'Wait', Seconds: 60, End: true } },
  });
  const roleArn = 'arn:aws:iam::123456789012:role/any';
  const made = await client.send(
    new CreateStateMachineCommand({ name: `m-${randomUUID()}`, definition, roleArn }),
  );
  machine = stateMachine(client, made.stateMachineArn!);
});
afterAll(() => client.destroy());

test('stateMachine: started, found by its name, looked at, stopped', async () => {
  const arn = await machine.start('orders-1', { table: 'orders' });
  expect(await machine.look(arn)).toMatchObject({ arn, state: 'running', input: { table: 'orders' } });
  expect(await machine.running('orders-')).toEqual([arn]);
  expect(await machine.running('other-')).toEqual([]);
  await machine.stop(arn);
  expect(await machine.look(arn)).toMatchObject({ state: 'failed', error: 'ABORTED' });
  expect(await machine.running('orders-')).toEqual([]);
});

test('stateMachine.gone: another account, or a lake that was destroyed', async () => {
  const gone = stateMachine(client, 'arn:aws:states:us-east-1:123456789012:stateMachine:gone');
  await expect(gone.start('a', {})).rejects.toThrow(/^\[TM_5206\]/);
  await expect(gone.running('a')).rejects.toThrow(/^\[TM_5206\]/);
});
