/** Addresses, interfaces and ports that ranks meet at. */
import { multiNode, singleNode, worksWith } from '../facts.ts';
import type { Rule } from '../model.ts';

const loopback = /\b127\.\d+\.\d+\.\d+|\blocalhost\b|\[::1\]/;

export const addressRules: readonly Rule[] = [
  {
    id: 'bind-foreign-address',
    category: 'wrong-host-ip',
    line: /^(?!.*(?:connection:|HTTPConnection|Failed to establish|connect\()).*(?:Cannot assign requested address|EADDRNOTAVAIL|\[Errno 99\])/,
    strength: 'proof',
    source: 'Linux EADDRNOTAVAIL of bind(2), ZeroMQ',
    cause:
      'a rank binds an address that its node does not own: the head or dist-init address, or a host IP variable of another node',
    fix: 'give --dist-init-addr / --master-addr the address of rank 0 on all nodes, --node-rank its own number on each, and VLLM_HOST_IP or SGLANG_HOST_IP the own address of each node',
  },
  {
    id: 'bind-no-such-interface',
    category: 'wrong-host-ip',
    line: /ZMQError: (?:No such device|Invalid argument|Protocol not supported)|Address family (?:for hostname )?not supported|does not appear to be an IPv4 or IPv6 address|(?:Can ?not|Failed to|[Uu]nable to) get (?:the )?(?:local|host|node|own)? ?(?:IP|ip)\b(?! address, using 0\.0\.0\.0)|(?:VLLM|SGLANG)?_?HOST_IP\b.{0,60}(?:invalid|not (?:a |one |reachable|local|found)|does not)|address \S+ \([^)]+\) is not on this node/,
    strength: 'proof',
    source: 'ZeroMQ, vllm/utils/network_utils.py, sglang/srt/utils/network.py, dsr1 prepare check',
  },
  {
    id: 'head-not-reached',
    category: 'wrong-host-ip',
    line: /client socket has (?:timed out after .{0,30}|failed to connect to .{0,80}(?:timed out|No route|unreachable).*|timed out.*)(?:trying to connect to \(?\[?([\w.:-]+))?/,
    strength: 'hint',
    source: 'torch/csrc/distributed/c10d/socket.cpp',
    when: (_, match) => !loopback.test(match[0] ?? ''),
    cause:
      'this node cannot reach the head at $1: the address is foreign, of the wrong network, or a firewall drops it',
    fix: 'from this node: `nc -zv ADDRESS PORT` of the head; give the address of rank 0 on the network that all nodes share, and open all TCP ports between them',
  },
  {
    id: 'head-on-container-bridge',
    category: 'wrong-host-ip',
    line: /client socket has (?:timed out|failed to connect).{0,80}?\b(172\.17\.\d+\.\d+)/,
    strength: 'strong',
    source: 'torch/csrc/distributed/c10d/socket.cpp; 172.17.0.0/16 is the bridge of docker on every host',
    when: (scene) => !singleNode(scene),
    cause:
      'a rank is told to meet at $1, an address of the bridge of docker, which no other host reaches: the head took it for its own',
    fix: 'run the containers with --network host, and set VLLM_HOST_IP (SGLANG_HOST_IP) on each node to its own address of the common network',
  },
  {
    id: 'head-name-unknown',
    category: 'wrong-host-ip',
    line: /IPv4 network addresses of \(([^,]+), \d+\) cannot be retrieved|can't resolve '([^']+)': Name does not resolve/,
    strength: 'strong',
    source: 'torch/csrc/distributed/c10d/socket.cpp, nslookup of busybox',
    when: (scene) => !scene.saw('weights-begun') && !scene.saw('serving'),
    cause: 'the name of the head, $1, has no address on this node',
    fix: 'give the numeric address of rank 0 to all nodes, or put its name into /etc/hosts (Kubernetes: a headless service with publishNotReadyAddresses)',
  },
  {
    id: 'queue-of-ranks-silent',
    category: 'wrong-host-ip',
    line: /Init torch distributed begin|Init parallel begin|because this process group spans across nodes/,
    strength: 'strong',
    source:
      'sglang/srt/utils/network.py get_local_ip_auto: the message queue between nodes advertises this address',
    quiet: true,
    when: (scene) => multiNode(scene) && !scene.saw('weights-begun'),
    cause:
      'silence while the nodes meet: the address that a node advertises for itself (message queue, NCCL bootstrap) is not reachable for the others, as with IPv6, Wi-Fi or a management network',
    fix: 'set SGLANG_HOST_IP (vLLM: VLLM_HOST_IP) on each node to its own IPv4 of the common network, with GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME of that interface; --log-level debug shows what is advertised',
  },
  {
    id: 'works-with-host-ip',
    category: 'wrong-host-ip',
    line: /Init torch distributed|Init parallel|spans across nodes|distributed_init_method=tcp|connectFullMesh|client socket has|Init COMPLETE/,
    strength: 'strong',
    source: 'the same launch works with the host IP variable set',
    when: (scene) => worksWith(scene, /HOST_IP/),
  },
  {
    id: 'ranks-never-met',
    category: 'wrong-host-ip',
    line: /\bworld_size=\d+ rank=\d+ .*distributed_init_method=tcp/,
    strength: 'hint',
    source: 'vllm/distributed/parallel_state.py; shm_broadcast.py binds tcp://get_ip()',
    quiet: true,
    when: (scene) => multiNode(scene) && !scene.saw('weights-begun'),
    cause:
      'silence while the nodes meet: a rank never came, or the address that one advertises is not reachable',
    fix: 'set VLLM_HOST_IP on each node to its own IPv4 of the common network, with GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME of that interface, and look whether every rank runs',
  },
  {
    id: 'numeric-address',
    category: 'wrong-host-ip',
    line: /(?:local|remote)=\[0\.0\.\d+\.\d+\](?!.*127\.)/,
    strength: 'strong',
    source: 'gloo: a host name made of digits is read as an address',
    cause: 'the host name is read as an address that is not of this node',
  },
  {
    id: 'gloo-no-interface',
    category: 'wrong-interface',
    line: /[Uu]nable to find (?:address|interface) for:? ?(\S+)|no socket interface found|No interface found in the same subnet/,
    strength: 'strong',
    source: 'gloo/transport/tcp/device.cc, NVIDIA/nccl src/misc/socket.cc',
  },
  {
    id: 'gloo-mesh',
    category: 'wrong-interface',
    line: /connectFullMesh failed(?!.*\b127\.)/,
    strength: 'hint',
    source: 'gloo/transport/tcp/pair.cc',
    when: (scene) => !scene.saw('loopback-line'),
  },
  {
    id: 'loopback',
    category: 'loopback-used',
    line: /[Uu]sing the loopback|Unable to resolve hostname to a \(local\) address|Bootstrap ?: Using (?:\[0\])?lo:|(?:remote|[Cc]onnect\w*|peer)\W{1,4}(?:to \(?)?\[?(?:::ffff:)?127\.\d+\.\d+\.\d+.{0,80}(?:refused|timed out|failed)|(?:refused|timed out|failed).{0,60}remote=\[127\.|remote=\[127\.|gives this host's own name/,
    strength: 'proof',
    source: 'torch/csrc/distributed/c10d/ProcessGroupGloo.cpp, gloo, NVIDIA/nccl src/bootstrap.cc',
    when: (scene) => scene.saw('loopback-matters') || multiNode(scene) || !scene.fact(/^nodes: 1$/),
    beside: ['loopback-line'],
  },
  {
    id: 'head-on-loopback',
    category: 'loopback-used',
    line: /failed to connect to \[?(?:localhost|127\.\d+\.\d+\.\d+)\]?|distributed_init_method=tcp:\/\/127\./,
    strength: 'strong',
    source: 'torch/csrc/distributed/c10d/socket.cpp, vllm/distributed/parallel_state.py',
    when: (scene) => multiNode(scene),
    cause: 'a gang over several nodes meets at a loopback address, which every node takes for itself',
  },
  {
    id: 'address-in-use',
    category: 'port-in-use',
    line: /[Aa]ddress already in use|EADDRINUSE|\[Errno 98\]|port is already allocated|[Pp]ort \S+ (?:\([^)]*\) )?(?:on \S+ )?(?:at \d+ )?is (?:already )?(?:in use|used by|occupied|taken|not available|unavailable)|failed to listen on any local network address|[Nn]o (?:free|available|ephemeral) ports?\b|[Aa]ll ports .{0,30}(?:in use|occupied)|(?:connection:|Failed to establish|HTTPConnection|connect\().*Cannot assign requested address/,
    strength: 'proof',
    source: 'Linux EADDRINUSE, ZeroMQ, c10d socket.cpp, docker, dsr1 prepare check',
    beside: ['kv-publisher'],
  },
  {
    id: 'head-refuses',
    category: 'wrong-host-ip',
    line: /client socket has failed to connect to \[?(?!localhost|127\.|::1)[\w.:-]+\]?.{0,60}(?:refused|unreachable|No route)|^(?:ConnectionRefusedError|OSError|TimeoutError): \[Errno 1(?:01|1[013])\]/,
    strength: 'guess',
    source: 'torch/csrc/distributed/c10d/socket.cpp; Linux ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT',
    when: (scene) => !scene.saw('weights-begun') && !scene.saw('serving'),
    cause: 'nothing answers at the address of the head: rank 0 is not up, or the address is not its own',
  },
  {
    id: 'peer-not-routed',
    category: 'wrong-interface',
    line: /NCCL WARN .{0,80}[Cc]onnect.{0,60}(?:No route to host|[Nn]etwork is unreachable|Connection timed out|Software caused connection abort)|[Cc]onnect returned (?:No route to host|Network is unreachable|Connection timed out)/,
    strength: 'strong',
    source: 'NVIDIA/nccl src/misc/socket.cc',
    cause:
      'NCCL advertises the address of an interface that the peer cannot reach, or a firewall stands between',
    fix: 'NCCL_SOCKET_IFNAME and GLOO_SOCKET_IFNAME with the interface that routes to the peer, on each node by its own name; open all TCP ports between the nodes; `ip route get PEER` shows the way',
  },
];
