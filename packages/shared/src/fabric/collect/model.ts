/** What a node gives for a bundle: the question, the answer, and what is in it. Agent, coordinator and dsr1ctl check these. */
import { type Static, Type } from 'typebox';

export const COLLECT_PROBE = 'fabric.collect';

export const CollectRequest = Type.Object({
  /** Public addresses, serial numbers and GPU UUIDs are hidden before anything leaves the node. */
  mask: Type.Boolean(),
});
export type CollectRequest = Static<typeof CollectRequest>;

/** Tools print the same words again and again: compressed, a host with 16 HCAs × 256 GIDs takes some 120 KB instead of 1.8 MB. */
export const CollectAnswer = Type.Object({
  /** CollectedNode as JSON, compressed by gzip, in base64. */
  gzip: Type.String(),
});
export type CollectAnswer = Static<typeof CollectAnswer>;

/** Beyond this, the largest texts are left out and named, so that an answer fits into one message. */
export const MAX_COLLECTED_BYTES = 8 * 1024 * 1024;

export const CollectedNode = Type.Object({
  /** By kind of dump (fabric/dump.ts). */
  texts: Type.Record(Type.String({ pattern: '^[a-z0-9_-]{1,40}$' }), Type.String()),
  /** Tools that did not answer, or ended badly. */
  missing: Type.Array(Type.Object({ tool: Type.String(), reason: Type.String() })),
});
export type CollectedNode = Static<typeof CollectedNode>;
