/** The Ray cluster under the gang. */
import type { Rule } from '../model.ts';

export const rayRules: readonly Rule[] = [
  {
    id: 'ray-node-resource',
    category: 'ray-node-ip-mismatch',
    line: /(?:fulfill resource request|pending placement|placement[_ ]group|^\s*\{).{0,200}'node:([^']+)': ?0\.\d+/,
    strength: 'proof',
    source: 'vllm/v1/executor/ray_utils.py asks for the resource node:<VLLM_HOST_IP>; Ray autoscaler',
    beside: ['ray-address', 'ray-free-gpus'],
    when: (scene) => !scene.saw('gcs-not-reached'),
    cause:
      'the engine asks Ray for the node "$1" (its VLLM_HOST_IP or own guess), and Ray knows that node under another address: the placement group can never be filled',
    fix: 'put the numeric address that `ray status -v` or `ray list nodes` shows into VLLM_HOST_IP on each node, or start Ray there with --node-ip-address=$1',
  },
  {
    id: 'ray-unique-addresses',
    category: 'ray-node-ip-mismatch',
    line: /Every node should have a unique IP address|Ray expects this IP address to be either|Ray does not allocate any GPUs on the driver node|current node has no GPU available|node IP .{0,60}(?:does not match|not (?:in|found))|driver node id \S+ is not included in a placement group/i,
    strength: 'proof',
    source: 'vllm/v1/executor/ray_executor.py, ray_utils.py, ray/_private/services.py',
  },
  {
    id: 'ray-raylet-address',
    category: 'ray-node-ip-mismatch',
    line: /This node has an IP address of ([\w.:]+), while we can ?not find the matched Raylet address/,
    strength: 'hint',
    source:
      'ray src/ray/gcs/gcs_client/global_state_accessor.cc; a cluster of one container may print it and work',
    cause: 'a process of Ray calls its node $1, and the cluster knows that node under another address',
    fix: 'start Ray on every node with --node-ip-address of the common network, and give the engine the same address in VLLM_HOST_IP',
  },
  {
    id: 'ray-placement-waits',
    category: 'parallel-size-invalid',
    line: /(?:No available node types can fulfill resource request|Cannot provide a placement group).{0,200}(?:'GPU'|GPUs)(?!.{0,200}'node:)/,
    strength: 'hint',
    source: 'Ray autoscaler, vllm/v1/executor/ray_utils.py',
    cause: 'Ray has fewer free GPUs than the gang asks for: a node has not joined, or old actors hold them',
    fix: '`ray status` shows nodes and GPUs in use; start all workers before the engine, and end old actors',
  },
  {
    id: 'ray-empty-address',
    category: 'ray-gcs-unreachable',
    line: /ray start .*--address[= ]['"]?:\d+/,
    strength: 'proof',
    source: 'shell trace of a launch script',
    cause: 'the variable with the address of the head is empty, so the worker is told to join ":6379"',
    fix: 'set the address of the head on the worker (MASTER_ADDR, HEAD_NODE_ADDRESS), and let the script stop when it is empty',
  },
  {
    id: 'ray-gcs',
    category: 'ray-gcs-unreachable',
    line: /^(?!.*system config from raylet because).*?(?:[Ff]ailed to connect to (?:the )?GCS(?! .*killed)|[Ff]ailed to get cluster ID from GCS|[Uu]nable to connect to (?:the )?GCS|Timed out while waiting for GCS|[Cc]ould not find any running Ray instance|Failed to connect to (?:the )?Ray cluster|failed to connect to all addresses|node_ip_address\.json|ray\._raylet\.GcsClient|GCS (?:is|may be) (?:down|unavailable|unreachable)|ray client connection timeout|[Ww]aiting for (?:the )?[Rr]ay (?:head|cluster).{0,60}(?:timed? ?out|fail)|RpcError: .{0,80}(?:UNAVAILABLE|connect)|[Dd]id (?:the )?(?:GCS|head node).{0,30}start successfully|multiple active Ray instances|[Uu]nable to connect to Redis|Ray is not initialized|Failed to register worker to Raylet|Failed to \w+ GCS\b|Timed out waiting for node info)/,
    strength: 'strong',
    source: 'ray src/ray/gcs_rpc_client, gcs_client.cc, _private/services.py',
  },
  {
    id: 'ray-health-unanswered',
    category: 'ray-gcs-unreachable',
    line: /has mistakenly been marked as dead by the GCS|GCS failed to check the health of this node/,
    strength: 'hint',
    source:
      'ray src/ray/raylet/node_manager.cc: the head asks each node for its health on a port of that node',
    cause:
      'the node reached the head, but the head does not get through to the node: its ports are closed, or it is overloaded',
    fix: 'open all TCP ports of every node to the others, or fix them (ray start --node-manager-port --object-manager-port --min-worker-port --max-worker-port) and open those; else look at load and memory of the node',
  },
  {
    id: 'ray-node-not-registered',
    category: 'ray-gcs-unreachable',
    line: /The current node (?:has not been updated within|timed out during startup)/,
    strength: 'strong',
    source: 'ray/_private/node.py: the head did not hear of this node in time',
    cause:
      'the node did not get registered with the head of Ray: mostly its raylet took an address that the head cannot reach',
    fix: 'compare "Local node IP" of this log with the network of the head; start Ray with --node-ip-address=$(ip -4 route get HEAD | sed "s/.*src //;s/ .*//;q"), and let the script stop when that is empty',
  },
  {
    id: 'gcs-killed',
    category: 'ray-gcs-unreachable',
    line: /GCS may have been killed/,
    strength: 'strong',
    source: 'ray src/ray/gcs_rpc_client',
    cause: 'the head of the Ray cluster went away, or this node lost its way to it',
  },
];
