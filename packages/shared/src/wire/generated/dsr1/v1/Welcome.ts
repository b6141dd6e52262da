// Original file: proto/dsr1/v1/session.proto

import type { Long } from '@grpc/proto-loader';

export interface Welcome {
  'leaderEpoch'?: (number | string | Long);
  'heartbeatIntervalMs'?: (number);
  'sendFacts'?: (boolean);
  'coordinatorVersion'?: (string);
  'nodeName'?: (string);
}

export interface Welcome__Output {
  'leaderEpoch': (number);
  'heartbeatIntervalMs': (number);
  'sendFacts': (boolean);
  'coordinatorVersion': (string);
  'nodeName': (string);
}
