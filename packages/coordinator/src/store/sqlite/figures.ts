import type { FigureStore } from '../store.ts';
import type { Database } from './database.ts';

export function sqliteFigures(db: Database): FigureStore {
  return {
    of: async (subjects) =>
      [...new Set(subjects)].flatMap((subject) =>
        db
          .all('SELECT figure, value FROM check_figures WHERE subject = ?', subject)
          .map(({ figure, value }) => ({ subject, figure: figure as string, value: value as number })),
      ),
    keep: async (figures, atMs) =>
      db.transaction(() => {
        for (const { subject, figure, value } of figures) {
          db.run(
            'INSERT INTO check_figures (subject, figure, value, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms',
            subject,
            figure,
            value,
            Math.round(atMs),
          );
        }
      }),
  };
}
