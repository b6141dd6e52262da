// Original file: proto/dsr1/v1/enroll.proto

import type { Long } from '@grpc/proto-loader';

export interface RenewExpiredRequest {
  'certificateDer'?: (Buffer | Uint8Array | string);
  'csrDer'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
  'clockMs'?: (number | string | Long);
}

export interface RenewExpiredRequest__Output {
  'certificateDer': (Buffer);
  'csrDer': (Buffer);
  'signature': (Buffer);
  'clockMs': (number);
}
