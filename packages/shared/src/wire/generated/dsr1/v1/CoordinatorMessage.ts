// Original file: proto/dsr1/v1/session.proto

import type { Welcome as _dsr1_v1_Welcome, Welcome__Output as _dsr1_v1_Welcome__Output } from '../../dsr1/v1/Welcome.ts';
import type { Command as _dsr1_v1_Command, Command__Output as _dsr1_v1_Command__Output } from '../../dsr1/v1/Command.ts';
import type { RenewReply as _dsr1_v1_RenewReply, RenewReply__Output as _dsr1_v1_RenewReply__Output } from '../../dsr1/v1/RenewReply.ts';
import type { Removed as _dsr1_v1_Removed, Removed__Output as _dsr1_v1_Removed__Output } from '../../dsr1/v1/Removed.ts';

export interface CoordinatorMessage {
  'welcome'?: (_dsr1_v1_Welcome | null);
  'command'?: (_dsr1_v1_Command | null);
  'renewed'?: (_dsr1_v1_RenewReply | null);
  'removed'?: (_dsr1_v1_Removed | null);
  'body'?: "welcome"|"command"|"renewed"|"removed";
}

export interface CoordinatorMessage__Output {
  'welcome'?: (_dsr1_v1_Welcome__Output | null);
  'command'?: (_dsr1_v1_Command__Output | null);
  'renewed'?: (_dsr1_v1_RenewReply__Output | null);
  'removed'?: (_dsr1_v1_Removed__Output | null);
  'body'?: "welcome"|"command"|"renewed"|"removed";
}
