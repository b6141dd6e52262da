// Original file: proto/dsr1/v1/launch.proto

import type { Failure as _dsr1_v1_Failure, Failure__Output as _dsr1_v1_Failure__Output } from '../../dsr1/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface RankReport {
  'deployment'?: (string);
  'epoch'?: (number | string | Long);
  'rank'?: (number);
  'state'?: (string);
  'phase'?: (string);
  'progress'?: (number | string);
  'detail'?: (string);
  'phaseSeconds'?: ({[key: string]: number | string});
  'exitCode'?: (number);
  'exitSignal'?: (string);
  'evidence'?: (string)[];
  'sequence'?: (number | string | Long);
  'failure'?: (_dsr1_v1_Failure | null);
  'pid'?: (number);
  'adopted'?: (boolean);
  'readingsJson'?: (Buffer | Uint8Array | string);
}

export interface RankReport__Output {
  'deployment': (string);
  'epoch': (number);
  'rank': (number);
  'state': (string);
  'phase': (string);
  'progress': (number);
  'detail': (string);
  'phaseSeconds': ({[key: string]: number});
  'exitCode': (number);
  'exitSignal': (string);
  'evidence': (string)[];
  'sequence': (number);
  'failure': (_dsr1_v1_Failure__Output | null);
  'pid': (number);
  'adopted': (boolean);
  'readingsJson': (Buffer);
}
