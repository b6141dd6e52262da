/** What a node is asked about an interpreter that a deployment names and discovery did not find. */
import { type Static, Type } from 'typebox';
import { EngineInstall } from './node.ts';
import { Nullable } from './nullable.ts';

export const ENGINE_PROBE = 'engine';

export const EngineRequest = Type.Object({ python: Type.String({ pattern: '^/' }) });
export type EngineRequest = Static<typeof EngineRequest>;

/** Engines of that interpreter's environment; empty when it has none, or is not there. */
export const EngineAnswer = Type.Array(EngineInstall);

/** What a node is asked to read of the environment or image that a rank would run, by running its Python. */
export const ENGINE_READ_PROBE = 'engine-read';

export const EngineReadRequest = Type.Object({
  engine: EngineInstall.properties.engine,
  python: EngineInstall.properties.python,
  /** null = an environment of the node itself. */
  image: Nullable(Type.String()),
});
export type EngineReadRequest = Static<typeof EngineReadRequest>;

/** Answered at once: what is not known yet is being read, ask again. */
export const EngineReading = Type.Union([
  Type.Object({ state: Type.Literal('reading'), seconds: Type.Integer() }),
  Type.Object({
    state: Type.Literal('known'),
    install: EngineInstall,
    /** Why `install.flags` is missing. */
    because: Nullable(Type.String()),
  }),
  Type.Object({ state: Type.Literal('unknown'), because: Type.String() }),
]);
export type EngineReading = Static<typeof EngineReading>;

/** Category of the rejection of a plan that waits for a reading: plan again in a moment. */
export const ENGINE_READING = 'engine-reading';
