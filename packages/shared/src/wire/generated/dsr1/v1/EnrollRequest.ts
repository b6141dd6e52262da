// Original file: proto/dsr1/v1/enroll.proto

import type { Long } from '@grpc/proto-loader';

export interface EnrollRequest {
  'tokenId'?: (string);
  'tokenSecret'?: (string);
  'csrDer'?: (Buffer | Uint8Array | string);
  'hostname'?: (string);
  'bootId'?: (string);
  'fingerprint'?: (string);
  'agentVersion'?: (string);
  'clockMs'?: (number | string | Long);
  'nodeName'?: (string);
}

export interface EnrollRequest__Output {
  'tokenId': (string);
  'tokenSecret': (string);
  'csrDer': (Buffer);
  'hostname': (string);
  'bootId': (string);
  'fingerprint': (string);
  'agentVersion': (string);
  'clockMs': (number);
  'nodeName': (string);
}
