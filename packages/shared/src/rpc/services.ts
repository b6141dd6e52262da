/** The two gRPC services, loaded from proto/. Loading parses text and takes some 50 ms, so do it once in main. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType as EnrollTypes } from '../wire/generated/enroll.ts';
import type { ProtoGrpcType as SessionTypes } from '../wire/generated/session.ts';

export interface Services {
  readonly Node: SessionTypes['dsr1']['v1']['Node'];
  readonly Enrollment: EnrollTypes['dsr1']['v1']['Enrollment'];
}

/** Client constructors (`new services.Node(address, credentials, options)`) and service definitions (`services.Node.service`). */
export function loadServices(protoDir: string = findProtoDir(import.meta.dirname)): Services {
  const definition = loadSync(['dsr1/v1/enroll.proto', 'dsr1/v1/session.proto'], {
    includeDirs: [protoDir],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as EnrollTypes & SessionTypes;
  return { Node: loaded.dsr1.v1.Node, Enrollment: loaded.dsr1.v1.Enrollment };
}

/** proto/ beside the bundle that ships, or at the top of a checkout. */
function findProtoDir(from: string): string {
  const beside = join(from, 'proto');
  return existsSync(beside) ? beside : join(from, '../../../../proto');
}
