/** What a node is asked about an interpreter that a deployment names and discovery did not find. */
import { type Static, Type } from 'typebox';
import { EngineInstall } from './node.ts';

export const ENGINE_PROBE = 'engine';

export const EngineRequest = Type.Object({ python: Type.String({ pattern: '^/' }) });
export type EngineRequest = Static<typeof EngineRequest>;

/** Engines of that interpreter's environment; empty when it has none, or is not there. */
export const EngineAnswer = Type.Array(EngineInstall);
