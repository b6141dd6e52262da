// Original file: proto/dsr1/v1/launch.proto

import type { RankPlan as _dsr1_v1_RankPlan, RankPlan__Output as _dsr1_v1_RankPlan__Output } from '../../dsr1/v1/RankPlan.ts';

export interface Prepare {
  'plan'?: (_dsr1_v1_RankPlan | null);
  'specHash'?: (string);
  'apiKey'?: (string);
  'expiresMs'?: (number);
  'gangKey'?: (string);
}

export interface Prepare__Output {
  'plan': (_dsr1_v1_RankPlan__Output | null);
  'specHash': (string);
  'apiKey': (string);
  'expiresMs': (number);
  'gangKey': (string);
}
