// Original file: proto/dsr1/v1/launch.proto


export interface Stop {
  'graceMs'?: (number);
  'reason'?: (string);
}

export interface Stop__Output {
  'graceMs': (number);
  'reason': (string);
}
