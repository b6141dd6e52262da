// Original file: proto/dsr1/v1/session.proto

import type { Failure as _dsr1_v1_Failure, Failure__Output as _dsr1_v1_Failure__Output } from '../../dsr1/v1/Failure.ts';
import type { Prepared as _dsr1_v1_Prepared, Prepared__Output as _dsr1_v1_Prepared__Output } from '../../dsr1/v1/Prepared.ts';

export interface CommandResult {
  'commandId'?: (string);
  'ok'?: (boolean);
  'failure'?: (_dsr1_v1_Failure | null);
  'prepared'?: (_dsr1_v1_Prepared | null);
  'probeJson'?: (Buffer | Uint8Array | string);
}

export interface CommandResult__Output {
  'commandId': (string);
  'ok': (boolean);
  'failure': (_dsr1_v1_Failure__Output | null);
  'prepared': (_dsr1_v1_Prepared__Output | null);
  'probeJson': (Buffer);
}
