import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Abort as _dsr1_v1_Abort, Abort__Output as _dsr1_v1_Abort__Output } from './dsr1/v1/Abort.ts';
import type { AgentMessage as _dsr1_v1_AgentMessage, AgentMessage__Output as _dsr1_v1_AgentMessage__Output } from './dsr1/v1/AgentMessage.ts';
import type { CollectFacts as _dsr1_v1_CollectFacts, CollectFacts__Output as _dsr1_v1_CollectFacts__Output } from './dsr1/v1/CollectFacts.ts';
import type { Command as _dsr1_v1_Command, Command__Output as _dsr1_v1_Command__Output } from './dsr1/v1/Command.ts';
import type { CommandResult as _dsr1_v1_CommandResult, CommandResult__Output as _dsr1_v1_CommandResult__Output } from './dsr1/v1/CommandResult.ts';
import type { Commit as _dsr1_v1_Commit, Commit__Output as _dsr1_v1_Commit__Output } from './dsr1/v1/Commit.ts';
import type { CoordinatorMessage as _dsr1_v1_CoordinatorMessage, CoordinatorMessage__Output as _dsr1_v1_CoordinatorMessage__Output } from './dsr1/v1/CoordinatorMessage.ts';
import type { Deadlines as _dsr1_v1_Deadlines, Deadlines__Output as _dsr1_v1_Deadlines__Output } from './dsr1/v1/Deadlines.ts';
import type { FactsReport as _dsr1_v1_FactsReport, FactsReport__Output as _dsr1_v1_FactsReport__Output } from './dsr1/v1/FactsReport.ts';
import type { Failure as _dsr1_v1_Failure, Failure__Output as _dsr1_v1_Failure__Output } from './dsr1/v1/Failure.ts';
import type { File as _dsr1_v1_File, File__Output as _dsr1_v1_File__Output } from './dsr1/v1/File.ts';
import type { GpuGauge as _dsr1_v1_GpuGauge, GpuGauge__Output as _dsr1_v1_GpuGauge__Output } from './dsr1/v1/GpuGauge.ts';
import type { Health as _dsr1_v1_Health, Health__Output as _dsr1_v1_Health__Output } from './dsr1/v1/Health.ts';
import type { Heartbeat as _dsr1_v1_Heartbeat, Heartbeat__Output as _dsr1_v1_Heartbeat__Output } from './dsr1/v1/Heartbeat.ts';
import type { Hello as _dsr1_v1_Hello, Hello__Output as _dsr1_v1_Hello__Output } from './dsr1/v1/Hello.ts';
import type { LogChunk as _dsr1_v1_LogChunk, LogChunk__Output as _dsr1_v1_LogChunk__Output } from './dsr1/v1/LogChunk.ts';
import type { NodeClient as _dsr1_v1_NodeClient, NodeDefinition as _dsr1_v1_NodeDefinition } from './dsr1/v1/Node.ts';
import type { Port as _dsr1_v1_Port, Port__Output as _dsr1_v1_Port__Output } from './dsr1/v1/Port.ts';
import type { Prepare as _dsr1_v1_Prepare, Prepare__Output as _dsr1_v1_Prepare__Output } from './dsr1/v1/Prepare.ts';
import type { Prepared as _dsr1_v1_Prepared, Prepared__Output as _dsr1_v1_Prepared__Output } from './dsr1/v1/Prepared.ts';
import type { ProbeRequest as _dsr1_v1_ProbeRequest, ProbeRequest__Output as _dsr1_v1_ProbeRequest__Output } from './dsr1/v1/ProbeRequest.ts';
import type { Process as _dsr1_v1_Process, Process__Output as _dsr1_v1_Process__Output } from './dsr1/v1/Process.ts';
import type { RankPlan as _dsr1_v1_RankPlan, RankPlan__Output as _dsr1_v1_RankPlan__Output } from './dsr1/v1/RankPlan.ts';
import type { RankReport as _dsr1_v1_RankReport, RankReport__Output as _dsr1_v1_RankReport__Output } from './dsr1/v1/RankReport.ts';
import type { Removed as _dsr1_v1_Removed, Removed__Output as _dsr1_v1_Removed__Output } from './dsr1/v1/Removed.ts';
import type { RenewReply as _dsr1_v1_RenewReply, RenewReply__Output as _dsr1_v1_RenewReply__Output } from './dsr1/v1/RenewReply.ts';
import type { RenewRequest as _dsr1_v1_RenewRequest, RenewRequest__Output as _dsr1_v1_RenewRequest__Output } from './dsr1/v1/RenewRequest.ts';
import type { Stop as _dsr1_v1_Stop, Stop__Output as _dsr1_v1_Stop__Output } from './dsr1/v1/Stop.ts';
import type { TailLog as _dsr1_v1_TailLog, TailLog__Output as _dsr1_v1_TailLog__Output } from './dsr1/v1/TailLog.ts';
import type { Welcome as _dsr1_v1_Welcome, Welcome__Output as _dsr1_v1_Welcome__Output } from './dsr1/v1/Welcome.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  dsr1: {
    v1: {
      Abort: MessageTypeDefinition<_dsr1_v1_Abort, _dsr1_v1_Abort__Output>
      AgentMessage: MessageTypeDefinition<_dsr1_v1_AgentMessage, _dsr1_v1_AgentMessage__Output>
      CollectFacts: MessageTypeDefinition<_dsr1_v1_CollectFacts, _dsr1_v1_CollectFacts__Output>
      Command: MessageTypeDefinition<_dsr1_v1_Command, _dsr1_v1_Command__Output>
      CommandResult: MessageTypeDefinition<_dsr1_v1_CommandResult, _dsr1_v1_CommandResult__Output>
      Commit: MessageTypeDefinition<_dsr1_v1_Commit, _dsr1_v1_Commit__Output>
      CoordinatorMessage: MessageTypeDefinition<_dsr1_v1_CoordinatorMessage, _dsr1_v1_CoordinatorMessage__Output>
      Deadlines: MessageTypeDefinition<_dsr1_v1_Deadlines, _dsr1_v1_Deadlines__Output>
      FactsReport: MessageTypeDefinition<_dsr1_v1_FactsReport, _dsr1_v1_FactsReport__Output>
      Failure: MessageTypeDefinition<_dsr1_v1_Failure, _dsr1_v1_Failure__Output>
      File: MessageTypeDefinition<_dsr1_v1_File, _dsr1_v1_File__Output>
      GpuGauge: MessageTypeDefinition<_dsr1_v1_GpuGauge, _dsr1_v1_GpuGauge__Output>
      Health: MessageTypeDefinition<_dsr1_v1_Health, _dsr1_v1_Health__Output>
      Heartbeat: MessageTypeDefinition<_dsr1_v1_Heartbeat, _dsr1_v1_Heartbeat__Output>
      Hello: MessageTypeDefinition<_dsr1_v1_Hello, _dsr1_v1_Hello__Output>
      LogChunk: MessageTypeDefinition<_dsr1_v1_LogChunk, _dsr1_v1_LogChunk__Output>
      Node: SubtypeConstructor<typeof grpc.Client, _dsr1_v1_NodeClient> & { service: _dsr1_v1_NodeDefinition }
      Port: MessageTypeDefinition<_dsr1_v1_Port, _dsr1_v1_Port__Output>
      Prepare: MessageTypeDefinition<_dsr1_v1_Prepare, _dsr1_v1_Prepare__Output>
      Prepared: MessageTypeDefinition<_dsr1_v1_Prepared, _dsr1_v1_Prepared__Output>
      ProbeRequest: MessageTypeDefinition<_dsr1_v1_ProbeRequest, _dsr1_v1_ProbeRequest__Output>
      Process: MessageTypeDefinition<_dsr1_v1_Process, _dsr1_v1_Process__Output>
      RankPlan: MessageTypeDefinition<_dsr1_v1_RankPlan, _dsr1_v1_RankPlan__Output>
      RankReport: MessageTypeDefinition<_dsr1_v1_RankReport, _dsr1_v1_RankReport__Output>
      Removed: MessageTypeDefinition<_dsr1_v1_Removed, _dsr1_v1_Removed__Output>
      RenewReply: MessageTypeDefinition<_dsr1_v1_RenewReply, _dsr1_v1_RenewReply__Output>
      RenewRequest: MessageTypeDefinition<_dsr1_v1_RenewRequest, _dsr1_v1_RenewRequest__Output>
      Stop: MessageTypeDefinition<_dsr1_v1_Stop, _dsr1_v1_Stop__Output>
      TailLog: MessageTypeDefinition<_dsr1_v1_TailLog, _dsr1_v1_TailLog__Output>
      Welcome: MessageTypeDefinition<_dsr1_v1_Welcome, _dsr1_v1_Welcome__Output>
    }
  }
}

