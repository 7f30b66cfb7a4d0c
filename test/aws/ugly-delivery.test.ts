import { randomUUID } from 'node:crypto';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { outputName, workgroupNames } from '../../lib/config/deployed';
import { randomOf } from '../simulation/scheduler';
import { type DeployedLake, deployedLake, describeDeployed } from './deployed-lake';
import { ugly } from './driver/chances';
import { MOTO, standIn } from './endpoints';
import { type Asked, trinoRows } from './rows-of';
import { failCalls, faultCounts, healCalls, type QueryFault, setWorkGroup } from './stand-ins/controls';
import {
  changesOf,
  DATES,
  foldOf,
  peopleFiles,
  peopleOf,
  poisonedFile,
  reportOf,
  staffFiles,
  staffOf,
  type UglyFile,
  type UglyRecord,
  uglyConfig,
  visitRecords,
  visitsOf,
} from './ugly-files';
import { putRecords, replayGivenUp } from './ugly-stream';

const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const sqs = new SQSClient(standIn(MOTO));

const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const SEEDS = Array.from({ length: 5 }, (_, i) => i + 1);

const HOUR_MS = 3_600_000;
/** Hours after which all that was lost on the way has been found; a statement that failed takes one more. */
const HOURS = 2;
/** The lake's clock never catches up with the machine's. */
const BEHIND_MS = 2 * 24 * HOUR_MS;

const FUNCTIONS = ['ingest-files', 'ingest-stream', 'merge', 'report', 'sweep'];

/** A call is refused, fails, is done without an answer, or meets another's: of a read, nobody expects the last. */
const KINDS = ['throttle', 'error', 'lost', 'conflict'] as const;

/** What one statement of a seed's report meets: it fails, or fails and lands all the same, at once or late. */
const FAULTS: readonly QueryFault['kind'][] = ['fail', 'failed-but-landed', 'lands-late', 'lost', 'refuse'];

describeDeployed('ugly-delivery', () => {
  let lake: DeployedLake;
  let random = randomOf(FIRST);
  const chances = ugly(() => random());
  beforeAll(async () => {
    const changes = { ...uglyConfig(SEEDS), deploy: { windowSeconds: 1 } };
    lake = await deployedLake('ugly', changes, { chances, aheadMs: -BEHIND_MS });
  }, 180_000);
  afterAll(() => lake?.stop());

  const shuffled = <T>(all: readonly T[]): T[] =>
    all
      .map(one => ({ one, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ one }) => one);

  /** One call in twenty fails, half of the events of statements never come, and all else that `chances` does. */
  async function rage(seed: number): Promise<() => Promise<void>> {
    const rules = await Promise.all(
      FUNCTIONS.map((name, i) =>
        failCalls({
          principal: lake.driver.fleet.principal(name),
          every: 20,
          seed: seed * 100 + i,
          kinds: KINDS,
        }),
      ),
    );
    const workgroup = workgroupNames(lake.name).system;
    const kind = FAULTS[seed % FAULTS.length]!;
    const faults = [{ kind, match: `(INSERT INTO|CREATE TABLE)[^(]*${reportOf(seed)}`, times: 1 }];
    await setWorkGroup(workgroup, { seed, eventsDropped: 0.5, eventsTwice: 0.3, queuedMillis: 100, faults });
    chances.rage();
    return async () => {
      chances.calm();
      const failures = (await faultCounts()).filter(({ id }) => rules.includes(id));
      for (const id of rules) await healCalls(id);
      await setWorkGroup(workgroup, {});
      expect(failures.reduce((sum, rule) => sum + rule.failures, 0)).toBeGreaterThan(0);
    };
  }

  /** Files in any order, records in that of their source. */
  async function arrive(files: readonly UglyFile[], records: readonly UglyRecord[]): Promise<void> {
    const { upload, settle, tick } = lake.driver;
    const halves = <T>(all: readonly T[]) => [
      all.slice(0, Math.floor(all.length / 2)),
      all.slice(Math.floor(all.length / 2)),
    ];
    const puts = halves(records);
    for (const [i, some] of halves(files).entries()) {
      for (const { key, body } of some) await upload(key, body);
      await putRecords(lake, puts[i]!);
      await settle();
      await tick('EveryMinute');
    }
  }

  /** What the schedules do in some hours. */
  async function sweepUp(hours: number, meanwhile = async () => {}): Promise<void> {
    const { tick, settle, fleet } = lake.driver;
    for (let i = 0; i < hours; i++) {
      fleet.pass(HOUR_MS);
      await meanwhile();
      await tick(i === 0 ? 'EveryDay' : 'EveryMinute');
      await settle();
    }
  }

  /**
   * Asks for each date, twice. Until a report's first date has made its table, the others are told to wait, and are asked
   * for again; one that is built stays as it is.
   */
  async function askForReport(seed: number): Promise<void> {
    const QueueUrl = lake.deployed.outputs[outputName(lake.name, 'ReportQueue')]!;
    const report = reportOf(seed);
    for (const date of shuffled([...DATES, ...DATES])) {
      const order = { MessageGroupId: report, MessageDeduplicationId: randomUUID() };
      const MessageBody = JSON.stringify({ report, date });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...order }));
    }
    await lake.driver.settle();
  }

  /** Batches of the stream that were replayed. */
  let givenUp = 0;

  const rowsOf = (name: string, columns: Asked['columns'] = ['id', 'v']) =>
    trinoRows(lake.name, { name, columns });

  test.each(SEEDS)(
    'seed %d: nothing is lost, nothing doubled',
    async seed => {
      random = randomOf(FIRST * 1000 + seed);
      const people = peopleFiles(seed, random);
      const staff = staffFiles(seed, random);
      const visits = visitRecords(seed, random);
      let calm = await rage(seed);
      await arrive(shuffled([...people, ...staff, poisonedFile(seed), people[2]!]), visits);
      await calm();
      givenUp += await replayGivenUp(lake);
      await sweepUp(HOURS);
      expect(await rowsOf(peopleOf(seed))).toEqual(foldOf(people));
      expect(await rowsOf(staffOf(seed))).toEqual(foldOf(staff));
      expect(await rowsOf(visitsOf(seed))).toEqual(foldOf(visits));
      expect(await rowsOf(`${peopleOf(seed)}_deltas`)).toEqual(changesOf(people));
      expect(await rowsOf(`${staffOf(seed)}_deltas`)).toEqual(changesOf(staff));
      expect(await rowsOf(`${visitsOf(seed)}_deltas`)).toEqual(changesOf(visits));

      calm = await rage(seed);
      await askForReport(seed);
      await calm();
      await sweepUp(HOURS + 1, () => askForReport(seed));
      const expected = DATES.flatMap((date, i) =>
        foldOf(staff.slice(0, i + 1)).map(row => `${date} | ${row}`),
      );
      expect(await rowsOf(reportOf(seed), ['report_date', 'id', 'v'])).toEqual(expected.sort());
      expect((await rowsOf(`${staffOf(seed)}_history`)).length).toBeGreaterThan(0);
    },
    400_000,
  );

  test('functions were killed, batches given up, and each poisoned file waits in quarantine', async () => {
    const { killed, errors } = lake.driver.fleet;
    expect(killed).toBeGreaterThan(SEEDS.length);
    expect(givenUp).toBeGreaterThan(0);
    // What failed by itself failed by a call to AWS, and Powertools fails the invocation when all of its messages did.
    expect(errors.filter(({ error }) => !/^FullBatchFailureError|\[TM_52/.test(error))).toEqual([]);
    const Bucket = lake.deployed.outputs[outputName(lake.name, 'LakeBucket')];
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'quarantine/' }));
    expect(KeyCount).toBeGreaterThanOrEqual(SEEDS.length);
  });
});
