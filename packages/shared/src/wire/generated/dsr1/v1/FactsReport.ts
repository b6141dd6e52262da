// Original file: proto/dsr1/v1/session.proto

import type { Long } from '@grpc/proto-loader';

export interface FactsReport {
  'hash'?: (string);
  'factsJson'?: (Buffer | Uint8Array | string);
  'collectedAtMs'?: (number | string | Long);
}

export interface FactsReport__Output {
  'hash': (string);
  'factsJson': (Buffer);
  'collectedAtMs': (number);
}
