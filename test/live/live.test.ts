import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../lib/config/load';
import type { Lake } from '../../lib/runtime/lake';
import { openLocalLake } from '../../lib/runtime/local';
import { SCRATCH } from '../support/scratch';
import { liveArguments, liveName, planOf, refusal } from './arguments';
import { renamed } from './aws-world';
import { verifiedPage } from './page';
import { runLive } from './run';
import { type Step, stepsFrom } from './steps';
import type { LiveWorld } from './world';

const ROOT = join(__dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');

jest.setTimeout(120_000);

/** The command as it is typed, with an environment of its own. */
function typed(args: readonly string[], environment: Record<string, string> = {}) {
  const env = { ...process.env, CI: '', AWS_EC2_METADATA_DISABLED: 'true', ...environment };
  return new Promise<{ code: number; said: string }>(resolve => {
    execFile(process.execPath, ['scripts/live.mjs', ...args], { cwd: ROOT, env }, (error, _, said) =>
      resolve({ code: error ? Number(error.code) : 0, said }),
    );
  });
}

test('live.refuses without --yes, and says what it would do', async () => {
  const { code, said } = await typed([]);
  expect(code).toBe(2);
  expect(said).toMatch(/A lake named live-[0-9a-f]{6},/);
  expect(said).toMatch(/1 {2}deploy .*live-[0-9a-f]{6}-storage and live-[0-9a-f]{6}-pipeline/);
  expect(said).toMatch(/8 {2}destroy .*every version/);
  expect(said).toMatch(/refused: nothing was done.*--yes/);
});

test('live.refuses in CI, and words that it does not know', async () => {
  expect(await typed(['--yes'], { CI: 'true' })).toMatchObject({
    code: 2,
    said: expect.stringMatching(/never run in CI/),
  });
  expect(await typed(['--yas'])).toMatchObject({ code: 2, said: expect.stringMatching(/--yas/) });
});

test('live.arguments', () => {
  expect(liveArguments([])).toEqual({ yes: false, keep: false });
  expect(liveArguments(['--yes', '--keep'])).toEqual({ yes: true, keep: true });
  expect(refusal({ yes: true, keep: false }, {})).toBeUndefined();
  expect(planOf('live-1', [], true)).toMatch(/keep .*bills until/);
});

test('live.config: the example lake under a name that no other has', async () => {
  const folder = mkdtempSync(join(SCRATCH, 'tidemark-live-'));
  const name = liveName(Buffer.from([1, 2, 255]));
  expect(name).toBe('live-0102ff');
  cpSync(join(EXAMPLES, 'reports'), join(folder, 'reports'), { recursive: true });
  const example = readFileSync(join(EXAMPLES, 'tidemark.config.ts'), 'utf8');
  writeFileSync(join(folder, 'tidemark.config.ts'), renamed(example, name));
  expect((await loadConfig(join(folder, 'tidemark.config.ts'))).name).toBe(name);
  rmSync(folder, { recursive: true });
});

/** A lake in a folder in the place of the account: what is uploaded is taken in and merged, and reports are built by a pause. */
class FolderWorld implements LiveWorld {
  readonly folder = mkdtempSync(join(SCRATCH, 'tidemark-live-'));
  readonly did: string[] = [];
  private opened: Lake | undefined;
  private time = Date.UTC(2026, 10, 21, 12);

  site = async () => ({ account: '123456789012', region: 'eu-central-1' });

  async deploy() {
    this.did.push('deploy');
    const config = join(EXAMPLES, 'tidemark.config.ts');
    this.opened = await openLocalLake({ config, lake: join(this.folder, 'lake'), cwd: this.folder });
  }

  lake = async () => this.opened!;

  async upload(key: string, body: Uint8Array) {
    const file = join(this.folder, 'landing', key);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
    expect(['taken-in', 'seen']).toContain((await this.opened!.ingest(file)).outcome);
    for (const table of this.opened!.config.tables) await this.opened!.merge(table);
  }

  async sql(text: string) {
    if (/^(OPTIMIZE|VACUUM) /.test(text)) {
      this.did.push(text);
      return [];
    }
    const { rows } = await (await this.opened!.query()).run(text);
    return rows.map(cells => cells.map(String));
  }

  async pause(ms: number) {
    this.time += ms;
    const { config } = this.opened!;
    for (const day of ['2026-11-18', '2026-11-19', '2026-11-20'])
      await this.opened!.report(config.reports.find(r => r.name === 'employees_daily')!, day);
  }

  async destroy() {
    this.did.push('destroy');
    await this.opened?.close();
    this.opened = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }

  remains = async (): Promise<string[]> => (this.opened ? ['the folder'] : []);
  now = () => this.time;
  say = () => undefined;
}

const START = Date.UTC(2026, 10, 21, 12);

test('live.steps: each shows on a lake in a folder what it is to show on AWS', async () => {
  const world = new FolderWorld();
  const steps = stepsFrom(EXAMPLES, START);
  const outcome = await runLive(world, steps, false);
  expect(outcome.failure).toBeUndefined();
  expect(outcome.shown.map(s => s.name)).toEqual(['deploy', ...steps.map(s => s.name), 'destroy']);
  expect(outcome.remains).toEqual([]);
  expect(world.did).toEqual([
    'deploy',
    'OPTIMIZE employees REWRITE DATA USING BIN_PACK',
    'VACUUM employees',
    'destroy',
  ]);
});

/** A world in which steps alone fail. */
const bare = (over: Partial<LiveWorld> = {}): LiveWorld & { readonly did: string[] } => {
  const did: string[] = [];
  const never = () => Promise.reject(new Error('not asked for'));
  return {
    did,
    site: async () => ({ account: '123456789012', region: 'eu-central-1' }),
    deploy: async () => void did.push('deploy'),
    destroy: async () => void did.push('destroy'),
    remains: async () => [],
    upload: never,
    sql: never,
    lake: never,
    pause: never,
    now: () => 0,
    say: () => undefined,
    ...over,
  };
};

const step = (name: string, run: Step['run']): Step => ({ name, does: name, run });

test('live.destroys whatever failed, the deploy too, and says what failed first', async () => {
  const failing = step('second', () => Promise.reject(new Error('no')));
  const never = step('third', () => Promise.reject(new Error('never reached')));
  const world = bare();
  const outcome = await runLive(world, [step('first', async () => 'shown'), failing, never], false);
  expect(outcome.failure).toMatchObject({ step: 'second', error: { message: 'no' } });
  expect(outcome.shown.map(s => s.name)).toEqual(['deploy', 'first', 'destroy']);

  const did: string[] = [];
  const deploy = () => Promise.reject(new Error('rolled back'));
  const broken = bare({ deploy, destroy: async () => void did.push('destroy') });
  expect((await runLive(broken, [never], false)).failure).toMatchObject({ step: 'deploy' });
  expect(did).toEqual(['destroy']);
});

test('live.remains: a destroy that leaves something has failed', async () => {
  const outcome = await runLive(bare({ remains: async () => ['bucket live-1-lake'] }), [], false);
  expect(outcome.failure).toMatchObject({ step: 'destroy' });
  expect(outcome.remains).toEqual(['bucket live-1-lake']);
});

test('live.keep leaves it standing; an account that is not ready is left alone', async () => {
  const world = bare();
  await runLive(world, [], true);
  expect(world.did).toEqual(['deploy']);
  const closed = bare({ site: () => Promise.reject(new Error('no credentials')) });
  await expect(runLive(closed, [], false)).rejects.toThrow('no credentials');
  expect(closed.did).toEqual([]);
});

test('live.page: date, place, versions and what was shown; no whole account number', async () => {
  const outcome = await runLive(bare(), [step('employees', async () => '5, 7, 9 rows')], false);
  const versions = {
    tidemark: '0.1.0',
    commit: 'abc1234',
    node: 'v24.1.0',
    cdk: '2.1148.1',
    cdkLib: '2.276.0',
  };
  const page = verifiedPage(outcome, versions, '2026-11-21');
  expect(page).toContain('| date | 2026-11-21 |');
  expect(page).toContain('| region | eu-central-1, account ...9012 |');
  expect(page).toContain('| Tidemark | 0.1.0, commit abc1234 |');
  expect(page).toContain('| employees | 0 | 5, 7, 9 rows |');
  expect(page).not.toContain('123456789012');
});
