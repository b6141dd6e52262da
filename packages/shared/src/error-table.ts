/**
 * The one table of errors: code → HTTP status, gRPC status, exit code of dsr1ctl. Both sides and docs/errors.md use it.
 * gRPC statuses are the numbers of google.rpc.Code; exit codes are documented in docs/errors.md.
 */
export interface ErrorEntry {
  readonly http: number;
  readonly grpc: number;
  readonly exit: number;
  /** When it is raised, for docs/errors.md. */
  readonly when: string;
}

const usage = (when: string): ErrorEntry => ({ http: 400, grpc: 3, exit: 2, when });
const denied = (http: 401 | 403, when: string): ErrorEntry => ({
  http,
  grpc: http === 401 ? 16 : 7,
  exit: 4,
  when,
});
const missing = (when: string): ErrorEntry => ({ http: 404, grpc: 5, exit: 5, when });
const conflict = (when: string): ErrorEntry => ({ http: 409, grpc: 9, exit: 6, when });
const infeasible = (when: string): ErrorEntry => ({ http: 422, grpc: 9, exit: 7, when });
const unavailable = (when: string): ErrorEntry => ({ http: 503, grpc: 14, exit: 8, when });
const full = (when: string): ErrorEntry => ({ http: 507, grpc: 8, exit: 9, when });
const internal = (when: string): ErrorEntry => ({ http: 500, grpc: 13, exit: 1, when });

export const ERROR_TABLE = {
  INVALID_ARGUMENT: usage('A value has the wrong type or form.'),
  UNKNOWN_KEY: usage('A configuration, deployment or request has a key that does not exist.'),
  CONFIG_INVALID: usage('A configuration file cannot be read or does not fit its schema.'),
  FLAG_OWNED: usage('An engine argument or variable that dsr1 itself sets was given by hand.'),
  FLAG_UNKNOWN: usage('An engine argument does not exist in the version that would run.'),

  UNAUTHENTICATED: denied(401, 'No key, an unknown key or a revoked one.'),
  FORBIDDEN: denied(403, 'The key lacks the role that the route asks for.'),
  TOKEN_INVALID: denied(403, 'The join token is malformed or unknown.'),
  TOKEN_EXPIRED: denied(403, 'The join token is past its lifetime.'),
  TOKEN_USED: denied(403, 'The join token has no use left.'),
  TOKEN_REVOKED: denied(403, 'The join token was revoked.'),
  CA_MISMATCH: denied(403, "The server's CA is not the one that the join token pins."),
  NODE_REMOVED: denied(403, 'The node was removed from the cluster.'),
  DUPLICATE_IDENTITY: denied(403, 'Two hosts use one node identity.'),
  CLOCK_SKEW: denied(403, "The node's clock is too far from the coordinator's."),
  VERSION_SKEW: denied(403, 'Agent and coordinator differ in their major version.'),

  NOT_FOUND: missing('No such route or object.'),
  NODE_NOT_FOUND: missing('No node has that name or id.'),
  DEPLOYMENT_NOT_FOUND: missing('No deployment has that name.'),

  ALREADY_EXISTS: conflict('The name is taken by an object with other content.'),
  STALE_EPOCH: conflict('A command of an older leader, epoch or stopped attempt.'),
  EPOCH_CONFLICT: conflict('The same epoch with other content.'),
  DEPLOYMENT_RUNNING: conflict('The deployment must be stopped first.'),
  NODE_BUSY: conflict('The node is part of a deployment that runs.'),
  STATE_LOCKED: conflict('Another process uses the state directory.'),

  PLAN_INFEASIBLE: infeasible('No plan satisfies the deployment on these nodes.'),
  PORT_TAKEN: infeasible('A port of the plan is in use on the node.'),
  GPU_BUSY: infeasible('A GPU of the plan is used by another process.'),
  PATH_MISSING: infeasible('A path of the plan does not exist on the node.'),
  MODEL_FILES_MISSING: infeasible(
    'The model folder lacks a weight file, its configuration or its tokenizer.',
  ),
  WEIGHTS_CORRUPT: infeasible('A weight file is truncated, damaged, or a Git-LFS pointer.'),
  PARALLEL_INVALID: infeasible('The model cannot be divided over the ranks as the plan says.'),
  LIMIT_TOO_LOW: infeasible('A limit of the host (memlock, /dev/shm, descriptors) is too low for the plan.'),
  RUNTIME_MISSING: infeasible('The runtime of the plan is not usable on the node.'),
  IMAGE_MISSING: infeasible('The image of the plan is not on the node and cannot be pulled.'),
  ADDRESS_MISSING: infeasible('An address of the plan is not on the node any more.'),
  NOT_PREPARED: infeasible('A commit without a matching, unexpired prepare.'),
  REHEARSAL_FAILED: infeasible('The network between the ranks does not carry what the plan says.'),
  LAUNCH_FAILED: infeasible('A rank could not be started, or ended before it served.'),
  PHASE_DEADLINE: infeasible('A phase took longer than its deadline.'),
  WORKER_DEAD: infeasible('A worker process of a rank is dead, and its main process goes on without it.'),
  TRANSPORT_MISMATCH: infeasible('The ranks talk TCP where RDMA was planned.'),

  COORDINATOR_UNREACHABLE: unavailable('The coordinator does not answer.'),
  NODE_OFFLINE: unavailable('The node has no live session.'),
  IMAGE_PULLING: unavailable('The image of the plan is still being pulled.'),
  COMMAND_EXPIRED: unavailable('A command arrived after its time to live.'),
  TIMEOUT: unavailable('No answer within the time limit.'),
  OVERLOADED: { http: 429, grpc: 8, exit: 8, when: 'Too many requests; try again after the given time.' },

  DISK_FULL: full('The state directory has no room left; nothing was lost.'),
  STATE_CORRUPT: {
    http: 500,
    grpc: 15,
    exit: 9,
    when: 'The state database fails its check; it was left untouched.',
  },
  CHECK_FAILED: { http: 500, grpc: 13, exit: 1, when: 'A check that dsr1ctl ran found problems.' },
  INTERNAL: internal('A defect of dsr1.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;
