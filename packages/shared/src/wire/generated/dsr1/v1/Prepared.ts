// Original file: proto/dsr1/v1/launch.proto


export interface Prepared {
  'bootId'?: (string);
  'sessionId'?: (string);
}

export interface Prepared__Output {
  'bootId': (string);
  'sessionId': (string);
}
