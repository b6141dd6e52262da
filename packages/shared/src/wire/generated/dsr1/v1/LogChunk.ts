// Original file: proto/dsr1/v1/session.proto


export interface LogChunk {
  'commandId'?: (string);
  'data'?: (Buffer | Uint8Array | string);
  'end'?: (boolean);
}

export interface LogChunk__Output {
  'commandId': (string);
  'data': (Buffer);
  'end': (boolean);
}
