// Original file: proto/dsr1/v1/session.proto

import type { Prepare as _dsr1_v1_Prepare, Prepare__Output as _dsr1_v1_Prepare__Output } from '../../dsr1/v1/Prepare.ts';
import type { Commit as _dsr1_v1_Commit, Commit__Output as _dsr1_v1_Commit__Output } from '../../dsr1/v1/Commit.ts';
import type { Abort as _dsr1_v1_Abort, Abort__Output as _dsr1_v1_Abort__Output } from '../../dsr1/v1/Abort.ts';
import type { Stop as _dsr1_v1_Stop, Stop__Output as _dsr1_v1_Stop__Output } from '../../dsr1/v1/Stop.ts';
import type { ProbeRequest as _dsr1_v1_ProbeRequest, ProbeRequest__Output as _dsr1_v1_ProbeRequest__Output } from '../../dsr1/v1/ProbeRequest.ts';
import type { TailLog as _dsr1_v1_TailLog, TailLog__Output as _dsr1_v1_TailLog__Output } from '../../dsr1/v1/TailLog.ts';
import type { CollectFacts as _dsr1_v1_CollectFacts, CollectFacts__Output as _dsr1_v1_CollectFacts__Output } from '../../dsr1/v1/CollectFacts.ts';
import type { Long } from '@grpc/proto-loader';

export interface Command {
  'leaderEpoch'?: (number | string | Long);
  'deployment'?: (string);
  'epoch'?: (number | string | Long);
  'commandId'?: (string);
  'ttlMs'?: (number);
  'prepare'?: (_dsr1_v1_Prepare | null);
  'commit'?: (_dsr1_v1_Commit | null);
  'abort'?: (_dsr1_v1_Abort | null);
  'stop'?: (_dsr1_v1_Stop | null);
  'probe'?: (_dsr1_v1_ProbeRequest | null);
  'tailLog'?: (_dsr1_v1_TailLog | null);
  'collectFacts'?: (_dsr1_v1_CollectFacts | null);
  'action'?: "prepare"|"commit"|"abort"|"stop"|"probe"|"tailLog"|"collectFacts";
}

export interface Command__Output {
  'leaderEpoch': (number);
  'deployment': (string);
  'epoch': (number);
  'commandId': (string);
  'ttlMs': (number);
  'prepare'?: (_dsr1_v1_Prepare__Output | null);
  'commit'?: (_dsr1_v1_Commit__Output | null);
  'abort'?: (_dsr1_v1_Abort__Output | null);
  'stop'?: (_dsr1_v1_Stop__Output | null);
  'probe'?: (_dsr1_v1_ProbeRequest__Output | null);
  'tailLog'?: (_dsr1_v1_TailLog__Output | null);
  'collectFacts'?: (_dsr1_v1_CollectFacts__Output | null);
  'action'?: "prepare"|"commit"|"abort"|"stop"|"probe"|"tailLog"|"collectFacts";
}
