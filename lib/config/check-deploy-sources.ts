import type { Report } from './check-table';
import { pascal } from './deployed';
import { checkForm, FORMS } from './forms';
import { type ResolvedLake, type ResolvedSource, tablesFor } from './resolved';

type DmsSource = Extract<ResolvedSource, { kind: 'dms-s3' | 'dms-kinesis' }>;

/** What the sources of a config have to be to become stacks. */
export function checkSources(lake: ResolvedLake, report: Report): void {
  const names = new Map<string, string>();
  const replicated = new Map<string, string>();
  for (const [name, source] of Object.entries(lake.sources)) {
    const at: Report = (path, message) => report(['sources', name, ...path], message);
    const other = names.get(pascal(name));
    if (other !== undefined) at([], `names of resources are made of it, as of "${other}"; rename one`);
    names.set(pascal(name), name);
    if (source.kind === 'mysql')
      at(['kind'], `nothing reads sources of kind ${source.kind} yet; leave the source out`);
    if (source.kind === 'kinesis') {
      checkForm(source.streamArn, FORMS.stream, message => at(['streamArn'], message));
      checkForm(source.streamKmsKeyArn, FORMS.key, message => at(['streamKmsKeyArn'], message));
    }
    if (source.kind !== 'dms-s3' && source.kind !== 'dms-kinesis') continue;
    checkReplication(source, at);
    for (const { path, schema, table } of tablesOf(source)) {
      const from = `${schema}.${table}`;
      const twice = replicated.get(from);
      if (twice !== undefined)
        at(path, `"${from}" is replicated by "${twice}" already; a table has one source`);
      replicated.set(from, name);
      if (from.includes('%')) at(path, `"${from}" stands for many; name each table`);
      const owners = tablesFor(lake, { schema, table }).map(owner => owner.name);
      // Records of a stream need no declaration there; files do.
      const needsNone = source.kind === 'dms-kinesis' && lake.undeclared === 'strings';
      if (owners.length === 0 && !needsNone && !from.includes('%'))
        at(path, `"${from}" goes to no table; declare one with from: '${from}', or leave it out`);
      // A file in the landing names one table.
      if (owners.length > 1 && source.kind === 'dms-s3')
        at(path, `"${from}" goes to ${owners.join(' and ')}, and a file to one; replicate it by dms-kinesis`);
    }
  }
}

function checkReplication(source: DmsSource, at: Report): void {
  if (tablesOf(source).length === 0) at(['schemas'], 'name no table; write { <schema>: ["<table>"] }');
  checkForm(source.secretArn, FORMS.secret, message => at(['secretArn'], message));
  checkForm(source.secretKmsKeyArn, FORMS.key, message => at(['secretKmsKeyArn'], message));
  checkForm(source.certificateArn, FORMS.certificate, message => at(['certificateArn'], message));
  const { vpcId, subnetIds = [], securityGroupIds = [] } = source.vpc ?? {};
  checkForm(vpcId, FORMS.vpc, message => at(['vpc', 'vpcId'], message));
  for (const [i, id] of subnetIds.entries()) {
    checkForm(id, FORMS.subnet, message => at(['vpc', 'subnetIds', i], message));
    if (subnetIds.indexOf(id) !== i)
      at(['vpc', 'subnetIds', i], `"${id}" is named twice; name one in another zone`);
  }
  for (const [i, id] of securityGroupIds.entries())
    checkForm(id, FORMS.group, message => at(['vpc', 'securityGroupIds', i], message));
}

const tablesOf = ({ schemas }: DmsSource) =>
  Object.entries(schemas).flatMap(([schema, tables]) =>
    tables.map((table, i) => ({ path: ['schemas', schema, i], schema, table })),
  );
