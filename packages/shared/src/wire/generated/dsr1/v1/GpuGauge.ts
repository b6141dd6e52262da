// Original file: proto/dsr1/v1/session.proto

import type { Long } from '@grpc/proto-loader';

export interface GpuGauge {
  'index'?: (number);
  'usedMemoryBytes'?: (number | string | Long);
  'utilisationPercent'?: (number);
}

export interface GpuGauge__Output {
  'index': (number);
  'usedMemoryBytes': (number);
  'utilisationPercent': (number);
}
