// Original file: proto/dsr1/v1/launch.proto


export interface Health {
  'url'?: (string);
  'timeoutSeconds'?: (number | string);
  'healthPath'?: (string);
  'modelsPath'?: (string);
}

export interface Health__Output {
  'url': (string);
  'timeoutSeconds': (number);
  'healthPath': (string);
  'modelsPath': (string);
}
