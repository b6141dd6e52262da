// Original file: proto/dsr1/v1/session.proto


export interface RenewReply {
  'certificatePem'?: (string);
  'caPem'?: (string);
}

export interface RenewReply__Output {
  'certificatePem': (string);
  'caPem': (string);
}
