// Original file: proto/dsr1/v1/launch.proto


export interface Deadlines {
  'rendezvousSeconds'?: (number);
  'weightsSeconds'?: (number);
  'graphsSeconds'?: (number);
  'listeningSeconds'?: (number);
  'servingSeconds'?: (number);
}

export interface Deadlines__Output {
  'rendezvousSeconds': (number);
  'weightsSeconds': (number);
  'graphsSeconds': (number);
  'listeningSeconds': (number);
  'servingSeconds': (number);
}
