/**
 * The codec: protobuf ↔ domain values (wire/messages.ts). Wire types stop here. Total and strict: what does not fit is an
 * INVALID_ARGUMENT that names the field, never a crash and never a guess. Fields that this version does not know are
 * ignored, as protobuf means it; an unknown kind of message is an error.
 */

import { assertNever } from '../errors.ts';
import { decodeCommand, decodeResult, encodeCommand, encodeResult } from './codec/command.ts';
import { decodeRankReport, encodeRankReport } from './codec/rank-report.ts';
import { json, jsonBytes, malformed, nonEmpty, present, whole } from './codec/read.ts';
import type { AgentMessage, AgentMessage__Output } from './generated/dsr1/v1/AgentMessage.ts';
import type {
  CoordinatorMessage,
  CoordinatorMessage__Output,
} from './generated/dsr1/v1/CoordinatorMessage.ts';
import type { Heartbeat__Output } from './generated/dsr1/v1/Heartbeat.ts';
import type { Hello__Output } from './generated/dsr1/v1/Hello.ts';
import type { FromAgent, FromCoordinator, Heartbeat, Hello } from './messages.ts';

export function encodeFromAgent(message: FromAgent): AgentMessage {
  switch (message.kind) {
    case 'hello':
      return { body: 'hello', hello: { ...message.hello, ranks: message.hello.ranks.map(encodeRankReport) } };
    case 'facts': {
      const { hash, facts, collectedAtMs } = message;
      return { body: 'facts', facts: { hash, factsJson: jsonBytes(facts), collectedAtMs } };
    }
    case 'heartbeat':
      return { body: 'heartbeat', heartbeat: { ...message.heartbeat, gpus: [...message.heartbeat.gpus] } };
    case 'rank':
      return { body: 'rank', rank: encodeRankReport(message.report) };
    case 'result':
      return { body: 'result', result: encodeResult(message.result) };
    case 'log':
      return { body: 'log', log: { commandId: message.commandId, data: message.data, end: message.end } };
    case 'renew':
      return { body: 'renew', renew: { csrDer: message.csrDer } };
  }
  return assertNever(message);
}

/** @throws INVALID_ARGUMENT */
export function decodeFromAgent(wire: AgentMessage__Output): FromAgent {
  switch (wire.body) {
    case 'hello':
      return { kind: 'hello', hello: decodeHello(present('hello', wire.hello)) };
    case 'facts': {
      const { hash, factsJson, collectedAtMs } = present('facts', wire.facts);
      const facts = json('facts.facts_json', factsJson);
      return {
        kind: 'facts',
        hash: nonEmpty('facts.hash', hash),
        facts,
        collectedAtMs: whole('facts.collected_at_ms', collectedAtMs),
      };
    }
    case 'heartbeat':
      return { kind: 'heartbeat', heartbeat: decodeHeartbeat(present('heartbeat', wire.heartbeat)) };
    case 'rank':
      return { kind: 'rank', report: decodeRankReport(present('rank', wire.rank)) };
    case 'result':
      return { kind: 'result', result: decodeResult(present('result', wire.result)) };
    case 'log': {
      const { commandId, data, end } = present('log', wire.log);
      return { kind: 'log', commandId: nonEmpty('log.command_id', commandId), data, end };
    }
    case 'renew':
      return { kind: 'renew', csrDer: present('renew', wire.renew).csrDer };
    case undefined:
      return malformed('message of the agent', 'of a kind that this version knows', 'none');
  }
  return assertNever(wire.body);
}

export function encodeFromCoordinator(message: FromCoordinator): CoordinatorMessage {
  switch (message.kind) {
    case 'welcome': {
      const { kind, ...welcome } = message;
      return { body: kind, welcome };
    }
    case 'command':
      return { body: 'command', command: encodeCommand(message.command) };
    case 'renewed':
      return { body: 'renewed', renewed: { certificatePem: message.certificatePem, caPem: message.caPem } };
    case 'removed':
      return { body: 'removed', removed: { reason: message.reason } };
  }
  return assertNever(message);
}

/** @throws INVALID_ARGUMENT */
export function decodeFromCoordinator(wire: CoordinatorMessage__Output): FromCoordinator {
  switch (wire.body) {
    case 'welcome': {
      const welcome = present('welcome', wire.welcome);
      if (welcome.heartbeatIntervalMs === 0) malformed('welcome.heartbeat_interval_ms', 'at least 1', 0);
      return { kind: 'welcome', ...welcome, leaderEpoch: whole('welcome.leader_epoch', welcome.leaderEpoch) };
    }
    case 'command':
      return { kind: 'command', command: decodeCommand(present('command', wire.command)) };
    case 'renewed':
      return { kind: 'renewed', ...present('renewed', wire.renewed) };
    case 'removed':
      return { kind: 'removed', reason: present('removed', wire.removed).reason };
    case undefined:
      return malformed('message of the coordinator', 'of a kind that this version knows', 'none');
  }
  return assertNever(wire.body);
}

function decodeHello(wire: Hello__Output): Hello {
  return {
    bootId: nonEmpty('hello.boot_id', wire.bootId),
    agentVersion: nonEmpty('hello.agent_version', wire.agentVersion),
    fingerprint: wire.fingerprint,
    maxLeaderEpoch: whole('hello.max_leader_epoch', wire.maxLeaderEpoch),
    ranks: wire.ranks.map(decodeRankReport),
    factsHash: wire.factsHash,
    clockMs: whole('hello.clock_ms', wire.clockMs),
  };
}

function decodeHeartbeat(wire: Heartbeat__Output): Heartbeat {
  return {
    sequence: whole('heartbeat.sequence', wire.sequence),
    clockMs: whole('heartbeat.clock_ms', wire.clockMs),
    load1:
      Number.isFinite(wire.load1) && wire.load1 >= 0
        ? wire.load1
        : malformed('heartbeat.load1', 'a load from 0', wire.load1),
    memoryAvailableBytes: whole('heartbeat.memory_available_bytes', wire.memoryAvailableBytes),
    gpus: wire.gpus.map((gauge) => ({
      ...gauge,
      usedMemoryBytes: whole('heartbeat.gpus', gauge.usedMemoryBytes),
    })),
  };
}
