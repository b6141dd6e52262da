// Original file: proto/dsr1/v1/session.proto


export interface ProbeRequest {
  'kind'?: (string);
  'argumentsJson'?: (Buffer | Uint8Array | string);
}

export interface ProbeRequest__Output {
  'kind': (string);
  'argumentsJson': (Buffer);
}
