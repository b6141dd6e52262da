// Original file: proto/dsr1/v1/session.proto


export interface Removed {
  'reason'?: (string);
}

export interface Removed__Output {
  'reason': (string);
}
