// Original file: proto/dsr1/v1/launch.proto


export interface Port {
  'name'?: (string);
  'address'?: (string);
  'port'?: (number);
}

export interface Port__Output {
  'name': (string);
  'address': (string);
  'port': (number);
}
