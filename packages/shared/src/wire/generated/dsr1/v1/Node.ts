// Original file: proto/dsr1/v1/session.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AgentMessage as _dsr1_v1_AgentMessage, AgentMessage__Output as _dsr1_v1_AgentMessage__Output } from '../../dsr1/v1/AgentMessage.ts';
import type { CoordinatorMessage as _dsr1_v1_CoordinatorMessage, CoordinatorMessage__Output as _dsr1_v1_CoordinatorMessage__Output } from '../../dsr1/v1/CoordinatorMessage.ts';

export interface NodeClient extends grpc.Client {
  Session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_dsr1_v1_AgentMessage, _dsr1_v1_CoordinatorMessage__Output>;
  Session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_dsr1_v1_AgentMessage, _dsr1_v1_CoordinatorMessage__Output>;
  session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_dsr1_v1_AgentMessage, _dsr1_v1_CoordinatorMessage__Output>;
  session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_dsr1_v1_AgentMessage, _dsr1_v1_CoordinatorMessage__Output>;
  
}

export interface NodeHandlers extends grpc.UntypedServiceImplementation {
  Session: grpc.handleBidiStreamingCall<_dsr1_v1_AgentMessage__Output, _dsr1_v1_CoordinatorMessage>;
  
}

export interface NodeDefinition extends grpc.ServiceDefinition {
  Session: MethodDefinition<_dsr1_v1_AgentMessage, _dsr1_v1_CoordinatorMessage, _dsr1_v1_AgentMessage__Output, _dsr1_v1_CoordinatorMessage__Output>
}
