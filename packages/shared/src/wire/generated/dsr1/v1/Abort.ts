// Original file: proto/dsr1/v1/launch.proto


export interface Abort {
  'reason'?: (string);
}

export interface Abort__Output {
  'reason': (string);
}
