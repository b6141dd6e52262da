/** deployments/store.ts on SQLite. */
import type { SQLInputValue } from 'node:sqlite';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import type {
  Change,
  DeploymentStore,
  NewAttempt,
  NewDeployment,
  RankChange,
  StoredDeployment,
} from '../../deployments/store.ts';
import type { AttemptRecord, DeploymentRecord, PastAttempt, RankRecord } from '../../reconcile/model.ts';
import type { Database, Row } from './database.ts';
import { gangKey } from './gang-key.ts';
import { sqlitePhaseTimes } from './phase-times.ts';

/** Ended attempts that are kept; the restart policy looks no further back. */
const ATTEMPTS_KEPT = 50;

export function sqliteDeployments(db: Database): DeploymentStore {
  const plans = new Map<string, { readonly epoch: number; readonly plan: LaunchPlan }>();
  return {
    create: async (deployment) => db.transaction(() => insertDeployment(db, deployment)),
    names: async () => db.all('SELECT name FROM deployments ORDER BY name').map((row) => String(row.name)),
    load: async (name) => load(db, plans, name),
    apiKey: async (name) => text(db.get('SELECT api_key FROM deployments WHERE name = ?', name)?.api_key),
    gangKey: async (name, epoch) => gangKey(db, name, epoch),
    nextEpoch: async (name) => lastEpoch(db, name) + 1,
    addAttempt: async (name, attempt, change) =>
      db.transaction(() => {
        insertAttempt(db, name, attempt);
        applyChange(db, name, attempt.epoch, { deployment: change });
        db.run(
          'DELETE FROM attempts WHERE deployment = ? AND epoch <= ?',
          name,
          attempt.epoch - ATTEMPTS_KEPT,
        );
      }),
    change: async (name, epoch, change) => db.transaction(() => applyChange(db, name, epoch, change)),
    remove: async (name) => {
      db.run('DELETE FROM deployments WHERE name = ?', name);
      plans.delete(name);
    },
    ...sqlitePhaseTimes(db),
    latestMs: async () => latestMs(db),
  };
}

function insertDeployment(
  db: Database,
  { spec, apiKey, startedAtMs, createdAtWallMs }: NewDeployment,
): boolean {
  if (db.get('SELECT 1 FROM deployments WHERE name = ?', spec.name) !== null) return false;
  db.run(
    `INSERT INTO deployments (name, spec_json, api_key, desired, state, message, rejections_json, planned_at_ms,
       started_at_ms, created_at_wall_ms) VALUES (?, ?, ?, 'running', 'pending', 'waits to be planned', '[]', 0, ?, ?)`,
    spec.name,
    JSON.stringify(spec),
    apiKey,
    whole(startedAtMs),
    whole(createdAtWallMs),
  );
  return true;
}

function insertAttempt(db: Database, name: string, { epoch, plan, avoidPorts }: NewAttempt): void {
  db.run(
    `INSERT INTO deployment_epochs (name, epoch) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch`,
    name,
    epoch,
  );
  db.run(
    `INSERT INTO attempts (deployment, epoch, plan_json, avoid_ports_json, step) VALUES (?, ?, ?, ?, 'preparing')`,
    name,
    epoch,
    JSON.stringify(plan),
    JSON.stringify(avoidPorts),
  );
  for (const { rank, nodeId, nodeName } of plan.ranks) {
    db.run(
      'INSERT INTO attempt_ranks (deployment, epoch, rank, node_id, node_name) VALUES (?, ?, ?, ?, ?)',
      name,
      epoch,
      rank,
      nodeId,
      nodeName,
    );
  }
}

function load(
  db: Database,
  plans: Map<string, { readonly epoch: number; readonly plan: LaunchPlan }>,
  name: string,
): StoredDeployment | null {
  const row = db.get('SELECT * FROM deployments WHERE name = ?', name);
  if (row === null) return null;
  const last = db.get(
    `SELECT epoch, avoid_ports_json, step, commit_at_ms, served_at_ms, served_at_wall_ms, ending_json, ended_at_ms, closed
       FROM attempts WHERE deployment = ? ORDER BY epoch DESC LIMIT 1`,
    name,
  );
  const deployment = readDeployment(row, last === null ? 0 : Number(last.epoch));
  if (last === null) return { deployment, attempt: null, past: [] };
  const attempt = readAttempt(
    last,
    planOf(db, plans, name, deployment.epoch),
    ranksOf(db, name, deployment.epoch),
  );
  return { deployment, attempt, past: pastOf(db, name) };
}

/** Plans never change, and those of large gangs are slow to parse: the latest of each deployment is kept. */
function planOf(
  db: Database,
  plans: Map<string, { readonly epoch: number; readonly plan: LaunchPlan }>,
  name: string,
  epoch: number,
): LaunchPlan {
  const known = plans.get(name);
  if (known?.epoch === epoch) return known.plan;
  const row = db.get('SELECT plan_json FROM attempts WHERE deployment = ? AND epoch = ?', name, epoch);
  const plan: LaunchPlan = JSON.parse(String(row?.plan_json));
  plans.set(name, { epoch, plan });
  return plan;
}

const ranksOf = (db: Database, name: string, epoch: number): readonly RankRecord[] =>
  db
    .all('SELECT * FROM attempt_ranks WHERE deployment = ? AND epoch = ? ORDER BY rank', name, epoch)
    .map(readRank);

const pastOf = (db: Database, name: string): readonly PastAttempt[] =>
  db
    .all(
      `SELECT epoch, served_at_ms, ended_at_ms, ending_json FROM attempts
         WHERE deployment = ? AND ending_json IS NOT NULL ORDER BY epoch DESC`,
      name,
    )
    .map((row) => ({
      epoch: Number(row.epoch),
      cause: JSON.parse(String(row.ending_json)).cause,
      servedAtMs: number(row.served_at_ms),
      endedAtMs: Number(row.ended_at_ms),
    }));

function applyChange(
  db: Database,
  name: string,
  epoch: number,
  { deployment, attempt, ranks }: Change,
): void {
  if (deployment !== undefined) {
    const { desired, state, message, rejections, plannedAtMs, startedAtMs, provenNetwork } = deployment;
    update(db, 'deployments', 'name = ?', [name], {
      desired,
      state,
      message,
      rejections_json: rejections && JSON.stringify(rejections),
      planned_at_ms: whole(plannedAtMs),
      started_at_ms: whole(startedAtMs),
      proven_network: provenNetwork,
    });
  }
  if (attempt !== undefined) {
    const { step, commitAtMs, servedAtMs, servedAtWallMs, ending, endedAtMs, closed } = attempt;
    update(db, 'attempts', 'deployment = ? AND epoch = ?', [name, epoch], {
      step,
      commit_at_ms: whole(commitAtMs),
      served_at_ms: whole(servedAtMs),
      served_at_wall_ms: whole(servedAtWallMs),
      ending_json: ending && JSON.stringify(ending),
      ended_at_ms: whole(endedAtMs),
      closed: flag(closed),
    });
  }
  for (const rank of ranks ?? []) updateRank(db, name, epoch, rank);
}

const updateRank = (db: Database, name: string, epoch: number, change: RankChange): void =>
  update(db, 'attempt_ranks', 'deployment = ? AND epoch = ? AND rank = ?', [name, epoch, change.rank], {
    boot_id: change.bootId,
    committed: flag(change.committed),
    stop_acknowledged: flag(change.stopAcknowledged),
    stop_sent_at_ms: whole(change.stopSentAtMs),
    told_state: change.toldState,
    told_phase: change.toldPhase,
  });

/** Sets the columns that are given. Table, columns and condition are this file's own text, never input. */
function update(
  db: Database,
  table: string,
  where: string,
  key: readonly SQLInputValue[],
  columns: Readonly<Record<string, SQLInputValue | undefined>>,
): void {
  const given = Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value }],
  );
  if (given.length === 0) return;
  const assignments = given.map(({ column }) => `${column} = ?`).join(', ');
  db.run(`UPDATE ${table} SET ${assignments} WHERE ${where}`, ...given.map(({ value }) => value), ...key);
}

function readDeployment(row: Row, epoch: number): DeploymentRecord {
  return {
    name: String(row.name),
    spec: JSON.parse(String(row.spec_json)),
    desired: row.desired as DeploymentRecord['desired'],
    state: row.state as DeploymentRecord['state'],
    message: String(row.message),
    rejections: JSON.parse(String(row.rejections_json)),
    plannedAtMs: Number(row.planned_at_ms),
    provenNetwork: text(row.proven_network),
    epoch,
    startedAtMs: Number(row.started_at_ms),
    createdAtWallMs: Number(row.created_at_wall_ms),
  };
}

function readAttempt(row: Row, plan: LaunchPlan, ranks: readonly RankRecord[]): AttemptRecord {
  const ending = text(row.ending_json);
  return {
    epoch: Number(row.epoch),
    plan,
    step: row.step as AttemptRecord['step'],
    ranks,
    avoidPorts: JSON.parse(String(row.avoid_ports_json)),
    commitAtMs: number(row.commit_at_ms),
    servedAtMs: number(row.served_at_ms),
    servedAtWallMs: number(row.served_at_wall_ms),
    ending: ending === null ? null : JSON.parse(ending),
    endedAtMs: number(row.ended_at_ms),
    closed: row.closed === 1,
  };
}

function readRank(row: Row): RankRecord {
  return {
    rank: Number(row.rank),
    nodeId: String(row.node_id),
    nodeName: String(row.node_name),
    bootId: text(row.boot_id),
    committed: row.committed === 1,
    stopAcknowledged: row.stop_acknowledged === 1,
    stopSentAtMs: number(row.stop_sent_at_ms),
    toldState: text(row.told_state) as RankRecord['toldState'],
    toldPhase: text(row.told_phase) as RankRecord['toldPhase'],
  };
}

const lastEpoch = (db: Database, name: string): number =>
  Number(db.get('SELECT epoch FROM deployment_epochs WHERE name = ?', name)?.epoch ?? 0);

const latestMs = (db: Database): number =>
  Number(
    db.get(
      `SELECT max(at) AS latest FROM (
         SELECT max(max(started_at_ms), max(planned_at_ms)) AS at FROM deployments
         UNION ALL SELECT max(coalesce(max(commit_at_ms), 0), coalesce(max(served_at_ms), 0), coalesce(max(ended_at_ms), 0)) FROM attempts)`,
    )?.latest ?? 0,
  );

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
/** SQLite's STRICT integers refuse fractions of a millisecond. */
const whole = <T extends number | null | undefined>(value: T): T =>
  (typeof value === 'number' ? Math.round(value) : value) as T;
const flag = (value: boolean | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);
