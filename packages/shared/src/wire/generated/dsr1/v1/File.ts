// Original file: proto/dsr1/v1/launch.proto


export interface File {
  'name'?: (string);
  'content'?: (string);
}

export interface File__Output {
  'name': (string);
  'content': (string);
}
