// Original file: proto/dsr1/v1/launch.proto

import type { Port as _dsr1_v1_Port, Port__Output as _dsr1_v1_Port__Output } from '../../dsr1/v1/Port.ts';
import type { Process as _dsr1_v1_Process, Process__Output as _dsr1_v1_Process__Output } from '../../dsr1/v1/Process.ts';
import type { Health as _dsr1_v1_Health, Health__Output as _dsr1_v1_Health__Output } from '../../dsr1/v1/Health.ts';
import type { File as _dsr1_v1_File, File__Output as _dsr1_v1_File__Output } from '../../dsr1/v1/File.ts';
import type { Long } from '@grpc/proto-loader';

export interface RankPlan {
  'rank'?: (number);
  'nodeId'?: (string);
  'nodeName'?: (string);
  'engine'?: (string);
  'engineVersion'?: (string);
  'runtime'?: (string);
  'controlInterface'?: (string);
  'address'?: (string);
  'gpuIndices'?: (number)[];
  'hcas'?: (string)[];
  'requiredPaths'?: (string)[];
  'ports'?: (_dsr1_v1_Port)[];
  'randomPorts'?: (string);
  'image'?: (string);
  'processes'?: (_dsr1_v1_Process)[];
  'health'?: (_dsr1_v1_Health | null);
  'stopGraceSeconds'?: (number);
  'minMemlockBytes'?: (number | string | Long);
  'minShmBytes'?: (number | string | Long);
  'files'?: (_dsr1_v1_File)[];
}

export interface RankPlan__Output {
  'rank': (number);
  'nodeId': (string);
  'nodeName': (string);
  'engine': (string);
  'engineVersion': (string);
  'runtime': (string);
  'controlInterface': (string);
  'address': (string);
  'gpuIndices': (number)[];
  'hcas': (string)[];
  'requiredPaths': (string)[];
  'ports': (_dsr1_v1_Port__Output)[];
  'randomPorts': (string);
  'image': (string);
  'processes': (_dsr1_v1_Process__Output)[];
  'health': (_dsr1_v1_Health__Output | null);
  'stopGraceSeconds': (number);
  'minMemlockBytes': (number);
  'minShmBytes': (number);
  'files': (_dsr1_v1_File__Output)[];
}
