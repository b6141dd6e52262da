/** Probes of a check: what the coordinator asks an agent and what it answers. Both sides check these. */
import { type Static, Type } from 'typebox';
import { Nullable } from '../../facts/nullable.ts';
import { AllReduceAnswer, AllReduceRequest } from './all-reduce.ts';
import { CheckEnd, PacketCount, PairResult, VerbsTool } from './model.ts';

/** What this node has at hand, what its clock says, and how long the names of its peers take. */
export const LookRequest = Type.Object({ names: Type.Array(Type.String()) });
export type LookRequest = Static<typeof LookRequest>;
export const LookAnswer = Type.Object({
  wallMs: Type.Number(),
  /** Installed ones of the tools that checks use. */
  tools: Type.Array(Type.String()),
  lookups: Type.Array(Type.Object({ name: Type.String(), milliseconds: Type.Number() })),
});
export type LookAnswer = Static<typeof LookAnswer>;

/** Takes connections on these ends and starts the far side of each verbs test, one a rail and tool. */
export const ServeRequest = Type.Object({
  id: Type.String(),
  ends: Type.Array(CheckEnd),
  verbs: Type.Array(Type.Object({ rail: Type.Integer(), tool: VerbsTool })),
});
export type ServeRequest = Static<typeof ServeRequest>;

export const TcpListener = Type.Object({
  rail: Nullable(Type.Integer()),
  /** `address` is the planned one, `link` the one that the link has by itself. */
  on: Type.Union([Type.Literal('address'), Type.Literal('link')]),
  /** Of the range that launches take, and of what the kernel hands out; empty when it could not listen. */
  ports: Type.Array(Type.Integer()),
  problem: Nullable(Type.String()),
});
export type TcpListener = Static<typeof TcpListener>;
export const VerbsListener = Type.Object({
  rail: Type.Integer(),
  tool: VerbsTool,
  port: Type.Integer(),
  problem: Nullable(Type.String()),
});
export type VerbsListener = Static<typeof VerbsListener>;
export const ServeAnswer = Type.Object({ tcp: Type.Array(TcpListener), verbs: Type.Array(VerbsListener) });
export type ServeAnswer = Static<typeof ServeAnswer>;

/** Dials every listener of a peer from the own end of the same rail. */
export const DialRequest = Type.Object({
  id: Type.String(),
  own: Type.Array(CheckEnd),
  peer: Type.Array(CheckEnd),
  listening: ServeAnswer,
});
export type DialRequest = Static<typeof DialRequest>;
export const DialAnswer = Type.Object({ results: Type.Array(PairResult) });
export type DialAnswer = Static<typeof DialAnswer>;

/** Ends what `serve` or `allReduce` began, and tells what the ports of the verbs tests counted meanwhile. */
export const EndRequest = Type.Object({ id: Type.String() });
export type EndRequest = Static<typeof EndRequest>;
export const EndAnswer = Type.Object({
  counted: Type.Array(Type.Object({ rail: Type.Integer(), packets: PacketCount })),
});
export type EndAnswer = Static<typeof EndAnswer>;

export const PROBES = {
  look: { kind: 'check.look', request: LookRequest, answer: LookAnswer },
  serve: { kind: 'check.serve', request: ServeRequest, answer: ServeAnswer },
  dial: { kind: 'check.dial', request: DialRequest, answer: DialAnswer },
  allReduce: { kind: 'check.all-reduce', request: AllReduceRequest, answer: AllReduceAnswer },
  end: { kind: 'check.end', request: EndRequest, answer: EndAnswer },
} as const;
export type Probes = typeof PROBES;
export type ProbeName = keyof Probes;
