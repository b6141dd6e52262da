import { assertNever } from '../../errors.ts';
import type { Command, Command__Output } from '../generated/dsr1/v1/Command.ts';
import type {
  CommandResult__Output,
  CommandResult as CommandResultWire,
} from '../generated/dsr1/v1/CommandResult.ts';
import type { AgentCommand, CommandAction, CommandResult } from '../messages.ts';
import { decodeDeadlines, decodeRankPlan, encodeDeadlines, encodeRankPlan } from './rank-plan.ts';
import {
  decodeFailure,
  encodeFailure,
  json,
  jsonBytes,
  malformed,
  nonEmpty,
  present,
  whole,
} from './read.ts';

export function encodeCommand({ action, ...fence }: AgentCommand): Command {
  return { ...fence, ...encodeAction(action) };
}

export function decodeCommand(wire: Command__Output): AgentCommand {
  return {
    leaderEpoch: whole('command.leader_epoch', wire.leaderEpoch),
    deployment: wire.deployment,
    epoch: whole('command.epoch', wire.epoch),
    commandId: nonEmpty('command.command_id', wire.commandId),
    ttlMs: wire.ttlMs,
    action: decodeAction(wire),
  };
}

function encodeAction(action: CommandAction): Partial<Command> {
  switch (action.kind) {
    case 'prepare': {
      const { specHash, apiKey, gangKey, expiresMs } = action;
      return {
        action: 'prepare',
        prepare: { plan: encodeRankPlan(action.plan), specHash, apiKey, gangKey, expiresMs },
      };
    }
    case 'commit':
      return {
        action: 'commit',
        commit: { specHash: action.specHash, deadlines: encodeDeadlines(action.deadlines) },
      };
    case 'abort':
      return { action: 'abort', abort: { reason: action.reason } };
    case 'stop':
      return { action: 'stop', stop: { graceMs: action.graceMs, reason: action.reason } };
    case 'probe':
      return { action: 'probe', probe: { kind: action.probe, argumentsJson: jsonBytes(action.arguments) } };
    case 'tailLog': {
      const { process, lastLines, follow } = action;
      return { action: 'tailLog', tailLog: { process, lastLines, follow } };
    }
    case 'collectFacts':
      return { action: 'collectFacts', collectFacts: {} };
  }
  return assertNever(action);
}

function decodeAction(wire: Command__Output): CommandAction {
  switch (wire.action) {
    case 'prepare': {
      const { plan, specHash, apiKey, gangKey, expiresMs } = present('command.prepare', wire.prepare);
      return {
        kind: 'prepare',
        plan: decodeRankPlan(present('prepare.plan', plan)),
        specHash,
        apiKey,
        gangKey,
        expiresMs,
      };
    }
    case 'commit': {
      const { specHash, deadlines } = present('command.commit', wire.commit);
      return { kind: 'commit', specHash, deadlines: decodeDeadlines(present('commit.deadlines', deadlines)) };
    }
    case 'abort':
      return { kind: 'abort', reason: present('command.abort', wire.abort).reason };
    case 'stop': {
      const { graceMs, reason } = present('command.stop', wire.stop);
      return { kind: 'stop', graceMs, reason };
    }
    case 'probe': {
      const { kind, argumentsJson } = present('command.probe', wire.probe);
      return {
        kind: 'probe',
        probe: nonEmpty('probe.kind', kind),
        arguments: json('probe.arguments_json', argumentsJson),
      };
    }
    case 'tailLog': {
      const { process, lastLines, follow } = present('command.tail_log', wire.tailLog);
      return { kind: 'tailLog', process, lastLines, follow };
    }
    case 'collectFacts':
      return { kind: 'collectFacts' };
    case undefined:
      return malformed('command', 'an action that this version knows', 'none');
  }
  return assertNever(wire.action);
}

export function encodeResult(result: CommandResult): CommandResultWire {
  return {
    commandId: result.commandId,
    ok: result.failure === null,
    failure: encodeFailure(result.failure),
    prepared: result.prepared,
    probeJson: jsonBytes(result.probe),
  };
}

export function decodeResult(wire: CommandResult__Output): CommandResult {
  const failure = decodeFailure(wire.failure);
  if (wire.ok !== (failure === null))
    malformed('result', 'either ok or a failure', wire.ok ? 'both' : 'neither');
  return {
    commandId: nonEmpty('result.command_id', wire.commandId),
    failure,
    prepared: wire.prepared,
    probe: json('result.probe_json', wire.probeJson),
  };
}
