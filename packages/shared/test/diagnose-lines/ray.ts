/** Ray and addresses: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'ray-node-ip-mismatch': [
    [
      '[2026-01-01 10:00:00,000 I 7 7] global_state_accessor.cc:1: This node has an IP address of 10.0.0.1, while we can not find the matched Raylet address.',
    ],
    [
      "RuntimeError: The current node has no GPU available. current_node_resource={'node:10.0.0.1': 1.0, 'CPU': 8.0}. vLLM engine cannot start without GPU.",
    ],
    [
      "RuntimeError: Every node should have a unique IP address. Got 2 nodes with node ids ['a', 'b'] and 3 unique IP addresses {'10.0.0.1', '10.0.0.2', '192.168.1.5'}. Please check your network configuration.",
    ],
    [
      "(EngineCore pid=630) INFO 05-02 10:00:00 [ray_utils.py:556] Waiting for creating a placement group of specs for 70 seconds. specs=[{'GPU': 1.0, 'node:192.168.50.192': 0.001}, {'GPU': 1.0}]. Check `ray status` to see if you have enough resources.",
    ],
    [
      'ValueError: Ray does not allocate any GPUs on the driver node. Consider adjusting the Ray placement group or running the driver on a GPU node.',
    ],
    [
      'RuntimeError: This node has an IP address of 10.1.0.5, and Ray expects this IP address to be either the GCS address or one of the Raylet addresses.',
    ],
  ],
  'ray-gcs-unreachable': [
    ['Exception: The current node timed out during startup.'],
    [
      '[2026-01-01 10:00:00,000 C 7 7] (raylet) node_manager.cc:1: [Timeout] Exiting because this node manager has mistakenly been marked as dead by the GCS: GCS failed to check the health of this node for 5 times.',
    ],
    [
      "(EngineCore pid=7) INFO 01-01 10:00:00 [ray_utils.py:1] Waiting for creating a placement group of specs for 10 seconds. specs=[{'node:10.0.0.1': 0.001, 'GPU': 1.0}]\n[2026-01-01 10:00:10,000 E 7 7] gcs_rpc_client.h:1: Failed to connect to GCS at address 10.0.0.1:6379 within 5 seconds.",
    ],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/ray/_private/services.py", line 41, in wait\n    take(this)\nRuntimeError: nobody answers',
    ],
    ["ConnectionError: Could not list 'nodes' from GCS. Did GCS start successfully?"],
    [
      '2025-07-23 10:05:49,679 ERROR services.py:1 -- Failed to start the dashboard\n[2025-07-23 10:05:49,679 E 51 51] gcs_client.cc:183: Failed to get cluster ID from GCS server: RpcError: RPC Error message: failed to connect to all addresses; last error: UNAVAILABLE: ipv4:10.0.0.1:6379: No route to host',
    ],
    ['Waiting for Ray head at 10.0.0.1:6379...\nConnectionError: ray client connection timeout'],
    ['+ ray start --address=:6379 --block'],
    [
      '[2026-03-01 10:00:00,000 E 12 12] gcs_rpc_client.h:633: Failed to connect to GCS within 60 seconds. GCS may have been killed.',
    ],
    [
      'ConnectionError: Could not find any running Ray instance. Please specify the one to connect to by setting `--address` flag or `RAY_ADDRESS` environment variable.',
    ],
    ['RuntimeError: Failed to connect to GCS. Please check `gcs_server.out` for more details.'],
    [
      'ray._raylet.RpcError: RPC Error message: failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:6379: Failed to connect to remote host: Connection refused',
    ],
  ],
  'wrong-host-ip': [
    ['[worker] FATAL: gang-0.gang did not resolve within 300s', { nodes: 2 }],
    ['ValueError: Invalid zmq path: tcp://:29550', { nodes: 2 }],
    [
      '[W1008 23:40:22.836678340 socket.cpp:767] [c10d] The client socket has failed to connect to [node-1.internal]:50745 (errno: 22 - Invalid argument).',
    ],
    [
      '[E101 00:10:00.1 socket.cpp:1019] [c10d] The client socket has timed out after 600000ms while trying to connect to (172.17.0.4, 41001).\n[rank3]:[E101 00:30:00.1 ProcessGroupNCCL.cpp:632] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1) ran for 1800000 milliseconds before timing out.',
      { nodes: 2 },
    ],
    [
      '[W101 00:00:01.1 socket.cpp:752] [c10d] The IPv4 network addresses of (gang-0.gang, 29500) cannot be retrieved (gai error: -2 - Name or service not known).',
    ],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/torch/distributed/rendezvous.py", line 41, in _create_c10d_store\n    take(this)\nRuntimeError: the store is silent',
    ],
    [
      '[W1 10:00:00.1 socket.cpp:663] [c10d] The client socket has failed to connect to [10.0.0.9]:29500 (errno: 111 - Connection refused).',
    ],
    [
      'RuntimeError: Gloo connectFullMesh failed with [pair.cc:144] no error',
      { nodes: 2, facts: { works_with: 'SGLANG_HOST_IP on each node' } },
    ],
    ['[2025-03-01 10:00:00 TP0] Init torch distributed begin.', { engine: 'sglang', nodes: 2 }],
    [
      '[2025-03-01 10:00:00 TP8] Init torch distributed begin.\n[W301 socket.cpp:204] [c10d] The hostname of the client socket cannot be retrieved. err=-3',
      { engine: 'sglang', nodes: 2, facts: { symptom: 'hang' } },
    ],
    [
      'torch.distributed.DistNetworkError: The client socket has timed out after 600000ms while trying to connect to (192.168.1.5, 5000).',
      { nodes: 2 },
    ],
    ['RuntimeError: Can not get local ip'],
    [
      '[W socket.cpp:464] [c10d] The server socket has failed to bind to [::]:29500 (errno: 97 - Address family not supported by protocol).',
    ],
    [
      '(Worker pid=1) INFO 08-27 02:41:50 [parallel_state.py:1] world_size=2 rank=1 local_rank=0 distributed_init_method=tcp://10.0.0.1:29501 backend=nccl',
      { nodes: 2 },
    ],
    [
      "OSError: [Errno 99] error while attempting to bind on address ('10.0.9.9', 8000): cannot assign requested address",
    ],
    ["zmq.error.ZMQError: Cannot assign requested address (addr='tcp://10.0.0.1:20001')"],
    ["zmq.error.ZMQError: No such device (addr='tcp://gpu-node-1:5557')"],
    [
      '[E1226 15:44:24.795949033 socket.cpp:1011] [c10d] The client socket has timed out after 600000ms while trying to connect to (10.9.0.1, 8000).',
      { nodes: 2 },
    ],
    [
      '[2026-04-01 09:58:02 TP0] Init torch distributed begin.\n[2026-04-01 09:58:09 TP0] Custom allreduce is disabled because this process group spans across nodes.',
      { nodes: 2, facts: { symptom: 'nothing more is printed' } },
    ],
    ['RuntimeError: Gloo connectFullMesh failed with [pair.cc:144] no error, remote=[0.0.0.189]:41234'],
  ],
  'wrong-interface': [
    [
      'n1:1:1 [0] NCCL INFO misc/socket.cc:64 socketPollConnect: connect to 169.254.1.2<4173> returned Connection refused, retrying (1/34)\nRuntimeError: NCCL error: remote process exited or there was a network error',
    ],
    [
      'n1:561:561 [0] NCCL INFO Bootstrap : Using docker9:10.9.0.1<0>\nn1:561:561 [0] NCCL INFO comm 0x1 rank 0 nranks 2 cudaDev 0 busId 23000 - Init START',
      { nodes: 2, facts: { symptom: 'silence' } },
    ],
    [
      'n5:24:24 [6] misc/socket.cc:533 NCCL WARN socketPollConnect: Connect to 10.1.0.4<56849> returned 113(No route to host) errno 115(Operation now in progress)',
    ],
    [
      'RuntimeError: [enforce fail at /pytorch/third_party/gloo/gloo/transport/tcp/device.cc:83] ifa != nullptr. Unable to find address for: ens8',
    ],
    [
      'RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error',
    ],
  ],
  'loopback-used': [
    [
      'n2:7:9 [0] misc/socket.cc:484 NCCL WARN socketStartConnect: Connect to 127.0.1.1<40001> failed : Connection refused',
      { nodes: 2 },
    ],
    [
      '[W socket.cpp:663] [c10d] The client socket has failed to connect to [localhost]:29500 (errno: 111 - Connection refused).',
      { nodes: 2 },
    ],
    [
      'Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] timed out connecting: SO_ERROR: Connection refused, remote=[127.0.1.1]:45012',
      { nodes: 2 },
    ],
    [
      '[W1 10:00:00.1 socket.cpp:663] [c10d] The client socket has failed to connect to [localhost]:29500 (errno: 111 - Connection refused).',
      { nodes: 2 },
    ],
    [
      '[W425 10:00:00.1 ProcessGroupGloo.cpp:727] Warning: Unable to resolve hostname to a (local) address. Using the loopback address as fallback. Manually set the network interface to bind to with GLOO_SOCKET_IFNAME. (function operator())\nRuntimeError: Gloo connectFullMesh failed with [pair.cc:152] timed out connecting: SO_ERROR: Connection refused, remote=[127.0.0.1]:3911',
      { nodes: 2 },
    ],
    [
      'n2:3:3 [0] NCCL INFO Bootstrap : Using lo:127.0.0.1<0>\nn2:3:3 [0] NCCL WARN socketStartConnect: Connect to 127.0.0.1<4321> failed : Connection refused',
      { nodes: 2 },
    ],
  ],
  'port-in-use': [
    [
      'torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. The server socket has failed to bind to [::]:10301 (errno: 98 - Address already in use).',
    ],
    ['RuntimeError: [enforce fail] bind: Address already in use'],
    ['ERROR 11-11 launcher: port 8000 is used by process psutil.Process(pid=1)'],
    [
      'torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address. port: 29500, useIpv6: false, code: -98, name: EADDRINUSE, message: address already in use',
    ],
    [
      "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 30000): address already in use",
    ],
    ['ValueError: dist_init_port at 20000 is not available in 30 seconds. port 20000 is already in use'],
    [
      'docker: Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:8000 failed: port is already allocated.',
    ],
    ['OSError: [Errno 98] Address already in use'],
    [
      "requests.exceptions.ConnectionError: HTTPConnectionPool(host='10.0.0.1', port=8000): Failed to establish a new connection: [Errno 99] Cannot assign requested address",
    ],
  ],
};

export const nearMisses: NearMisses = {
  'ray-node-not-registered': 'the current node is up',
  'peer-on-own-link':
    'n1:1:1 [0] NCCL INFO misc/socket.cc:64 socketPollConnect: connect to 10.0.0.2<4173> returned Connection refused, retrying',
  'ray-raylet-address': 'This node has an IP address of 10.0.0.1',
  'ray-health-unanswered': 'the GCS checks the health of this node',
  'address-empty': 'ValueError: Invalid zmq path: tcp://10.0.0.1:29550',
  'nccl-never-met': 'n1:561:561 [0] NCCL INFO Setting affinity for GPU 0',
  'head-on-container-bridge':
    'The client socket has timed out after 600000ms while trying to connect to (172.18.0.4, 41001).',
  'head-name-unknown': 'The IPv4 network addresses of (gang-0, 29500) are known',
  'peer-not-routed': 'NCCL INFO connected to 10.1.0.4',
  'raised-by-rendezvous': 'RuntimeError: nobody answers',
  'head-refuses':
    'client socket has failed to connect to [localhost]:29500 (errno: 111 - Connection refused)',
  'raised-by-ray-start': 'RuntimeError: nobody answers',
  'ray-node-resource': "resources: {'node:10.0.0.1': 1.0}",
  'ray-unique-addresses': 'Every node has a unique address',
  'ray-empty-address': 'ray start --address=10.0.0.1:6379',
  'ray-gcs': 'connected to GCS',
  'gcs-killed': 'GCS started',
  'bind-foreign-address':
    'HTTPConnectionPool(): Failed to establish a new connection: [Errno 99] Cannot assign requested address',
  'bind-no-such-interface': 'ZMQError: Address already in use',
  'head-not-reached': 'client socket has connected',
  'queue-of-ranks-silent': 'Init torch distributed ends',
  'works-with-host-ip': 'the ranks have met',
  'ranks-never-met': 'world_size=1 rank=0',
  'numeric-address': 'remote=[10.0.0.9]:4411',
  'gloo-no-interface': 'found address for eth0',
  'gloo-mesh': 'connectFullMesh done',
  loopback: 'remote=[10.0.0.9]:4411',
  'head-on-loopback': 'failed to connect to [10.0.0.1]:29500',
  'address-in-use': 'port 8000 is open',
};
