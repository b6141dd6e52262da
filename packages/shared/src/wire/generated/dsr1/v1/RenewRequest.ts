// Original file: proto/dsr1/v1/session.proto


export interface RenewRequest {
  'csrDer'?: (Buffer | Uint8Array | string);
}

export interface RenewRequest__Output {
  'csrDer': (Buffer);
}
