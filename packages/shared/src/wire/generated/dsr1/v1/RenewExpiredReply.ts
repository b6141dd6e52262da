// Original file: proto/dsr1/v1/enroll.proto


export interface RenewExpiredReply {
  'certificatePem'?: (string);
  'caPem'?: (string);
}

export interface RenewExpiredReply__Output {
  'certificatePem': (string);
  'caPem': (string);
}
