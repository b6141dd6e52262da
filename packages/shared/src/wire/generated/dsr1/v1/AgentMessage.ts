// Original file: proto/dsr1/v1/session.proto

import type { Hello as _dsr1_v1_Hello, Hello__Output as _dsr1_v1_Hello__Output } from '../../dsr1/v1/Hello.ts';
import type { FactsReport as _dsr1_v1_FactsReport, FactsReport__Output as _dsr1_v1_FactsReport__Output } from '../../dsr1/v1/FactsReport.ts';
import type { Heartbeat as _dsr1_v1_Heartbeat, Heartbeat__Output as _dsr1_v1_Heartbeat__Output } from '../../dsr1/v1/Heartbeat.ts';
import type { RankReport as _dsr1_v1_RankReport, RankReport__Output as _dsr1_v1_RankReport__Output } from '../../dsr1/v1/RankReport.ts';
import type { CommandResult as _dsr1_v1_CommandResult, CommandResult__Output as _dsr1_v1_CommandResult__Output } from '../../dsr1/v1/CommandResult.ts';
import type { LogChunk as _dsr1_v1_LogChunk, LogChunk__Output as _dsr1_v1_LogChunk__Output } from '../../dsr1/v1/LogChunk.ts';
import type { RenewRequest as _dsr1_v1_RenewRequest, RenewRequest__Output as _dsr1_v1_RenewRequest__Output } from '../../dsr1/v1/RenewRequest.ts';

export interface AgentMessage {
  'hello'?: (_dsr1_v1_Hello | null);
  'facts'?: (_dsr1_v1_FactsReport | null);
  'heartbeat'?: (_dsr1_v1_Heartbeat | null);
  'rank'?: (_dsr1_v1_RankReport | null);
  'result'?: (_dsr1_v1_CommandResult | null);
  'log'?: (_dsr1_v1_LogChunk | null);
  'renew'?: (_dsr1_v1_RenewRequest | null);
  'body'?: "hello"|"facts"|"heartbeat"|"rank"|"result"|"log"|"renew";
}

export interface AgentMessage__Output {
  'hello'?: (_dsr1_v1_Hello__Output | null);
  'facts'?: (_dsr1_v1_FactsReport__Output | null);
  'heartbeat'?: (_dsr1_v1_Heartbeat__Output | null);
  'rank'?: (_dsr1_v1_RankReport__Output | null);
  'result'?: (_dsr1_v1_CommandResult__Output | null);
  'log'?: (_dsr1_v1_LogChunk__Output | null);
  'renew'?: (_dsr1_v1_RenewRequest__Output | null);
  'body'?: "hello"|"facts"|"heartbeat"|"rank"|"result"|"log"|"renew";
}
