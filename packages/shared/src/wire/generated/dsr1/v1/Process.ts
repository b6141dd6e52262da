// Original file: proto/dsr1/v1/launch.proto


export interface Process {
  'id'?: (string);
  'argv'?: (string)[];
  'env'?: ({[key: string]: string});
  'reasons'?: ({[key: string]: string});
}

export interface Process__Output {
  'id': (string);
  'argv': (string)[];
  'env': ({[key: string]: string});
  'reasons': ({[key: string]: string});
}
