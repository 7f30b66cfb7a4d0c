// Everything AWS is made of in the tests: installed into a cache, started side by side on free ports of loopback.
//
//   product -> front -> moto            S3, Glue, Kinesis, SQS, SNS
//              front -> DynamoDB Local
//              front -> Athena gate -> Trino -> moto
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openGate } from './athena/gate.mjs';
import { installDynamo, startDynamo } from './dynamodb/dynamodb.mjs';
import { openFront } from './front/front.mjs';
import { installJava } from './install/java.mjs';
import { installNode24 } from './install/node24.mjs';
import { installMoto, startMoto } from './moto/moto.mjs';
import { freePorts } from './processes.mjs';
import { installTrino, startTrino } from './trino/trino.mjs';

/**
 * Installs what is missing or of other pins.
 * @param {{ cache: string, say: (line: string) => void }} where
 * @returns the folders and programs of each
 */
export async function install({ cache, say }) {
  await mkdir(cache, { recursive: true });
  const where = { cache, say };
  const [java, node24, moto, dynamodb, trino] = await Promise.all([
    installJava(where),
    installNode24(where),
    installMoto(where),
    installDynamo(where),
    installTrino(where),
  ]);
  return { java, node24, moto, dynamodb, trino };
}

/**
 * Starts all of them.
 * @param {{ cache: string, say: (line: string) => void }} where
 * @param installation of `install`
 * @returns {Promise<{ environment: Record<string, string>, stop: () => Promise<void> }>} the environment that tests
 *   and functions find them by
 * @throws when one does not start; those that did are stopped then
 */
export async function start({ cache, say }, { java, node24, moto, dynamodb, trino }) {
  const runs = join(cache, 'runs');
  await mkdir(runs, { recursive: true });
  const work = await mkdtemp(join(runs, 'run-'));
  const [motoPort, dynamoPort, trinoPort, gatePort, motoDoor, dynamoDoor, athenaDoor] = await freePorts(7);
  const url = port => `http://127.0.0.1:${port}`;
  const aws = url(motoPort);
  const began = Date.now();
  const started = [];
  const stop = async () => {
    await Promise.allSettled(started.map(end => end()));
    await rm(work, { recursive: true, force: true });
  };
  const up = async (name, starting) => {
    const { stop: end } = await starting;
    started.push(end);
    say(`${name}: up after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  };
  const outcomes = await Promise.allSettled([
    up('moto', startMoto(moto, { port: motoPort, logs: work })),
    up('dynamodb', startDynamo(dynamodb, { java, port: dynamoPort, logs: work })),
    up('trino', startTrino(trino, { java, port: trinoPort, logs: work, work, aws })),
    openGate({ port: gatePort, trino: url(trinoPort), aws }).then(end => started.push(end)),
    openFront({ [motoDoor]: motoPort, [dynamoDoor]: dynamoPort, [athenaDoor]: gatePort }).then(end =>
      started.push(end),
    ),
  ]);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const environment = {
    TIDEMARK_MOTO: url(motoDoor),
    TIDEMARK_DYNAMODB: url(dynamoDoor),
    TIDEMARK_TRINO: url(trinoPort),
    TIDEMARK_ATHENA: url(athenaDoor),
    ...(node24 && { TIDEMARK_NODE24: node24 }),
  };
  return { environment, stop };
}
