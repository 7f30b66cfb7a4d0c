import type { Outcome } from './run';

export interface Versions {
  readonly tidemark: string;
  /** The commit, with `+` when files were changed since. */
  readonly commit: string;
  readonly node: string;
  readonly cdk: string;
  readonly cdkLib: string;
}

/** docs/verified-on-aws.md: what a person's run showed. The account is named by its last digits alone. */
export function verifiedPage({ site, shown }: Outcome, versions: Versions, date: string): string {
  return `# Verified on AWS

A person ran \`npm run test:live\` in an account of their own. It deployed a lake under a random name, used it as below, and
destroyed it.

| what | |
| --- | --- |
| date | ${date} |
| region | ${site.region}, account ...${site.account.slice(-4)} |
| Tidemark | ${versions.tidemark}, commit ${versions.commit} |
| Node.js | ${versions.node} |
| AWS CDK | ${versions.cdk}, library ${versions.cdkLib} |

| step | seconds | what it showed |
| --- | ---: | --- |
${shown.map(({ name, seconds, evidence }) => `| ${name} | ${seconds} | ${evidence} |`).join('\n')}
`;
}
