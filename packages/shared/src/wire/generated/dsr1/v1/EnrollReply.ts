// Original file: proto/dsr1/v1/enroll.proto


export interface EnrollReply {
  'nodeId'?: (string);
  'nodeName'?: (string);
  'clusterId'?: (string);
  'certificatePem'?: (string);
  'caPem'?: (string);
  'sessionPort'?: (number);
}

export interface EnrollReply__Output {
  'nodeId': (string);
  'nodeName': (string);
  'clusterId': (string);
  'certificatePem': (string);
  'caPem': (string);
  'sessionPort': (number);
}
