// Original file: proto/dsr1/v1/session.proto

import type { RankReport as _dsr1_v1_RankReport, RankReport__Output as _dsr1_v1_RankReport__Output } from '../../dsr1/v1/RankReport.ts';
import type { Long } from '@grpc/proto-loader';

export interface Hello {
  'bootId'?: (string);
  'agentVersion'?: (string);
  'fingerprint'?: (string);
  'maxLeaderEpoch'?: (number | string | Long);
  'ranks'?: (_dsr1_v1_RankReport)[];
  'factsHash'?: (string);
  'clockMs'?: (number | string | Long);
}

export interface Hello__Output {
  'bootId': (string);
  'agentVersion': (string);
  'fingerprint': (string);
  'maxLeaderEpoch': (number);
  'ranks': (_dsr1_v1_RankReport__Output)[];
  'factsHash': (string);
  'clockMs': (number);
}
