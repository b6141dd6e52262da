import type { PhaseTimes } from '../../deployments/eta.ts';
import type { DeploymentStore } from '../../deployments/store.ts';
import type { Database } from './database.ts';

/** Rows of `meta`: a few numbers for each model and gang, which outlive their deployments. */
export const sqlitePhaseTimes = (db: Database): Pick<DeploymentStore, 'phaseTimes' | 'keepPhaseTimes'> => ({
  phaseTimes: async (subject) => {
    const row = db.get('SELECT value FROM meta WHERE key = ?', keyOf(subject));
    return row === null ? null : (JSON.parse(String(row.value)) as PhaseTimes);
  },
  keepPhaseTimes: async (subject, times) =>
    void db.run(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      keyOf(subject),
      JSON.stringify(times),
    ),
});

const keyOf = (subject: string): string => `phaseTimes ${subject}`;
