// Original file: proto/dsr1/v1/session.proto


export interface Failure {
  'code'?: (string);
  'message'?: (string);
  'hint'?: (string);
  'takenPorts'?: (number)[];
}

export interface Failure__Output {
  'code': (string);
  'message': (string);
  'hint': (string);
  'takenPorts': (number)[];
}
