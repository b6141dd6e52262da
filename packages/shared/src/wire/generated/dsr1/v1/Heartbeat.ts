// Original file: proto/dsr1/v1/session.proto

import type { GpuGauge as _dsr1_v1_GpuGauge, GpuGauge__Output as _dsr1_v1_GpuGauge__Output } from '../../dsr1/v1/GpuGauge.ts';
import type { Long } from '@grpc/proto-loader';

export interface Heartbeat {
  'sequence'?: (number | string | Long);
  'clockMs'?: (number | string | Long);
  'load1'?: (number | string);
  'memoryAvailableBytes'?: (number | string | Long);
  'gpus'?: (_dsr1_v1_GpuGauge)[];
}

export interface Heartbeat__Output {
  'sequence': (number);
  'clockMs': (number);
  'load1': (number);
  'memoryAvailableBytes': (number);
  'gpus': (_dsr1_v1_GpuGauge__Output)[];
}
