// Original file: proto/dsr1/v1/enroll.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { EnrollReply as _dsr1_v1_EnrollReply, EnrollReply__Output as _dsr1_v1_EnrollReply__Output } from '../../dsr1/v1/EnrollReply.ts';
import type { EnrollRequest as _dsr1_v1_EnrollRequest, EnrollRequest__Output as _dsr1_v1_EnrollRequest__Output } from '../../dsr1/v1/EnrollRequest.ts';
import type { RenewExpiredReply as _dsr1_v1_RenewExpiredReply, RenewExpiredReply__Output as _dsr1_v1_RenewExpiredReply__Output } from '../../dsr1/v1/RenewExpiredReply.ts';
import type { RenewExpiredRequest as _dsr1_v1_RenewExpiredRequest, RenewExpiredRequest__Output as _dsr1_v1_RenewExpiredRequest__Output } from '../../dsr1/v1/RenewExpiredRequest.ts';

export interface EnrollmentClient extends grpc.Client {
  Enroll(argument: _dsr1_v1_EnrollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  Enroll(argument: _dsr1_v1_EnrollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  Enroll(argument: _dsr1_v1_EnrollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  Enroll(argument: _dsr1_v1_EnrollRequest, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  enroll(argument: _dsr1_v1_EnrollRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  enroll(argument: _dsr1_v1_EnrollRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  enroll(argument: _dsr1_v1_EnrollRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  enroll(argument: _dsr1_v1_EnrollRequest, callback: grpc.requestCallback<_dsr1_v1_EnrollReply__Output>): grpc.ClientUnaryCall;
  
  RenewExpired(argument: _dsr1_v1_RenewExpiredRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  RenewExpired(argument: _dsr1_v1_RenewExpiredRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  RenewExpired(argument: _dsr1_v1_RenewExpiredRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  RenewExpired(argument: _dsr1_v1_RenewExpiredRequest, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _dsr1_v1_RenewExpiredRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _dsr1_v1_RenewExpiredRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _dsr1_v1_RenewExpiredRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  renewExpired(argument: _dsr1_v1_RenewExpiredRequest, callback: grpc.requestCallback<_dsr1_v1_RenewExpiredReply__Output>): grpc.ClientUnaryCall;
  
}

export interface EnrollmentHandlers extends grpc.UntypedServiceImplementation {
  Enroll: grpc.handleUnaryCall<_dsr1_v1_EnrollRequest__Output, _dsr1_v1_EnrollReply>;
  
  RenewExpired: grpc.handleUnaryCall<_dsr1_v1_RenewExpiredRequest__Output, _dsr1_v1_RenewExpiredReply>;
  
}

export interface EnrollmentDefinition extends grpc.ServiceDefinition {
  Enroll: MethodDefinition<_dsr1_v1_EnrollRequest, _dsr1_v1_EnrollReply, _dsr1_v1_EnrollRequest__Output, _dsr1_v1_EnrollReply__Output>
  RenewExpired: MethodDefinition<_dsr1_v1_RenewExpiredRequest, _dsr1_v1_RenewExpiredReply, _dsr1_v1_RenewExpiredRequest__Output, _dsr1_v1_RenewExpiredReply__Output>
}
