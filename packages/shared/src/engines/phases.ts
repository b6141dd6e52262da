/** Phases of a rank's start, in the only order in which they can come. */
import { type Static, Type } from 'typebox';

export const Phase = Type.Union([
  Type.Literal('starting'),
  Type.Literal('rendezvous'),
  Type.Literal('weights'),
  Type.Literal('graphs'),
  Type.Literal('listening'),
  Type.Literal('serving'),
]);
export type Phase = Static<typeof Phase>;

export const PHASES: readonly Phase[] = [
  'starting',
  'rendezvous',
  'weights',
  'graphs',
  'listening',
  'serving',
];

/** Position of a phase; a rank never goes back. */
export const phaseIndex = (phase: Phase): number => PHASES.indexOf(phase);

/** The later of two phases. */
export const laterPhase = (a: Phase, b: Phase): Phase => (phaseIndex(a) >= phaseIndex(b) ? a : b);
