// Original file: proto/dsr1/v1/session.proto


export interface CollectFacts {
}

export interface CollectFacts__Output {
}
