import type { Report } from './check-table';
import { suggestion } from './nearest';
import type { LakeShape, SourceShape } from './schema';

type KinesisShape = Extract<SourceShape, { kind: 'kinesis' }>;
type HttpShape = Extract<SourceShape, { kind: 'http' }>;

/** What the options of a source must have in common with each other and with other sources. */
export function checkOrigins(lake: LakeShape, report: Report): void {
  for (const [name, source] of Object.entries(lake.sources)) {
    const at: Report = (path, message) => report(['sources', name, ...path], message);
    // Names of resources and outputs are made of it.
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,29}$/.test(name))
      at([], 'is not a name of a source; use letters, digits, - and _ (30 at most), starting with a letter');
    if (source.kind === 'dms-kinesis') checkTarget(lake, source.stream, at);
    if (
      (source.kind === 'dms-s3' || source.kind === 'dms-kinesis') &&
      source.capacity.min > source.capacity.max
    )
      at(
        ['capacity', 'min'],
        `${source.capacity.min} is above max, ${source.capacity.max}; lower it or raise max`,
      );
    if ('vpc' in source && source.kind !== 'mysql') checkVpc(source.vpc, at);
    if (source.kind === 'kinesis') checkStream(source, at);
    if (source.kind === 'http') checkIntake(lake, source, at);
  }
}

function checkStream(source: KinesisShape, at: Report): void {
  if (source.streamArn === undefined) {
    if (source.streamKmsKeyArn !== undefined)
      at(['streamKmsKeyArn'], "is for the stream of streamArn; the lake's own stream has deploy.kmsKeyArn");
    return;
  }
  for (const option of ['shards', 'retentionDays'] as const) {
    if (source[option] !== undefined)
      at([option], 'is decided where the stream of streamArn was made; drop one of the two');
  }
}

function checkIntake(lake: LakeShape, { tables = [], stream, authorizer }: HttpShape, at: Report): void {
  const froms = Object.entries(lake.tables).map(([name, { from }]) => from ?? name);
  for (const [i, table] of tables.entries()) {
    if (tables.indexOf(table) !== i) at(['tables', i], `"${table}" is named twice; drop one`);
    // What nobody declared comes in under the names that stand here.
    if (lake.undeclared === 'strings') continue;
    if (!froms.includes(table) && !froms.includes(table.slice(table.indexOf('.') + 1)))
      at(
        ['tables', i],
        `no table is from "${table}"${suggestion(table, froms, `; declare one with from: '${table}', or drop it`)}`,
      );
  }
  if (typeof authorizer === 'object' && !/^https:\/\/[^/]+/.test(authorizer.jwt.issuer))
    at(['authorizer', 'jwt', 'issuer'], 'is no address; write it as the token does, "https://..."');
  if (stream === undefined) return;
  const fit = Object.entries(lake.sources).flatMap(([name, other]) =>
    other.kind === 'kinesis' && (other.format === 'event' || other.format === 'auto') ? [name] : [],
  );
  if (fit.includes(stream)) return;
  at(
    ['stream'],
    `"${stream}" is not a source of kind kinesis, format event or auto${suggestion(stream, fit, '; declare one of that name, or drop the option: an http source has a stream of its own')}`,
  );
}

function checkTarget(lake: LakeShape, stream: string, at: Report): void {
  const fit = Object.entries(lake.sources).flatMap(([name, other]) =>
    other.kind === 'kinesis' && (other.format === 'dms' || other.format === 'auto') ? [name] : [],
  );
  if (fit.includes(stream)) return;
  at(
    ['stream'],
    `"${stream}" is not a source of kind kinesis, format dms or auto${suggestion(stream, fit, '; declare one of that name')}`,
  );
}

/** Nothing is looked up in the account, so what an existing network is made of has to be said whole. */
function checkVpc(vpc: { subnetIds?: string[]; securityGroupIds?: string[] } | undefined, at: Report): void {
  if (!vpc) return;
  if ((vpc.subnetIds ?? []).length < 2)
    at(['vpc', 'subnetIds'], 'has less than two subnets; name two at least, in two availability zones');
  if ((vpc.securityGroupIds ?? []).length === 0)
    at(['vpc', 'securityGroupIds'], 'is empty; name a group that the database lets in');
}
