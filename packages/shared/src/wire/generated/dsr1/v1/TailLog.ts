// Original file: proto/dsr1/v1/session.proto


export interface TailLog {
  'process'?: (string);
  'lastLines'?: (number);
  'follow'?: (boolean);
}

export interface TailLog__Output {
  'process': (string);
  'lastLines': (number);
  'follow': (boolean);
}
