import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { EnrollReply as _dsr1_v1_EnrollReply, EnrollReply__Output as _dsr1_v1_EnrollReply__Output } from './dsr1/v1/EnrollReply.ts';
import type { EnrollRequest as _dsr1_v1_EnrollRequest, EnrollRequest__Output as _dsr1_v1_EnrollRequest__Output } from './dsr1/v1/EnrollRequest.ts';
import type { EnrollmentClient as _dsr1_v1_EnrollmentClient, EnrollmentDefinition as _dsr1_v1_EnrollmentDefinition } from './dsr1/v1/Enrollment.ts';
import type { RenewExpiredReply as _dsr1_v1_RenewExpiredReply, RenewExpiredReply__Output as _dsr1_v1_RenewExpiredReply__Output } from './dsr1/v1/RenewExpiredReply.ts';
import type { RenewExpiredRequest as _dsr1_v1_RenewExpiredRequest, RenewExpiredRequest__Output as _dsr1_v1_RenewExpiredRequest__Output } from './dsr1/v1/RenewExpiredRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  dsr1: {
    v1: {
      EnrollReply: MessageTypeDefinition<_dsr1_v1_EnrollReply, _dsr1_v1_EnrollReply__Output>
      EnrollRequest: MessageTypeDefinition<_dsr1_v1_EnrollRequest, _dsr1_v1_EnrollRequest__Output>
      Enrollment: SubtypeConstructor<typeof grpc.Client, _dsr1_v1_EnrollmentClient> & { service: _dsr1_v1_EnrollmentDefinition }
      RenewExpiredReply: MessageTypeDefinition<_dsr1_v1_RenewExpiredReply, _dsr1_v1_RenewExpiredReply__Output>
      RenewExpiredRequest: MessageTypeDefinition<_dsr1_v1_RenewExpiredRequest, _dsr1_v1_RenewExpiredRequest__Output>
    }
  }
}

