// Original file: proto/dsr1/v1/launch.proto

import type { Deadlines as _dsr1_v1_Deadlines, Deadlines__Output as _dsr1_v1_Deadlines__Output } from '../../dsr1/v1/Deadlines.ts';

export interface Commit {
  'specHash'?: (string);
  'deadlines'?: (_dsr1_v1_Deadlines | null);
}

export interface Commit__Output {
  'specHash': (string);
  'deadlines': (_dsr1_v1_Deadlines__Output | null);
}
