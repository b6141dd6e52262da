/** How a gang ends: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  timeout: [
    ['RuntimeError: DP Coordinator process failed to report ZMQ addresses during startup.'],
    [
      "torch.distributed.DistBackendError: [8] is setting up NCCL communicator and retrieving ncclUniqueId from [0] via c10d key-value store by key '0', but store->get('0') got error: wait timeout after 600000ms, keys: /default_pg/0//cuda//0",
    ],
    [
      "[rank1]:[E101 00:00:00.1 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1) ran for 600000 milliseconds before timing out.\nterminate called after throwing an instance of 'c10::DistBackendError'",
    ],
    ['ray.exceptions.RayChannelTimeoutError: System error: Timed out waiting for object available to read.'],
    ['[2026-03-09 00:57:15 TP4] Scheduler watchdog timeout (self.watchdog_timeout=300, self.soft=False)'],
    [
      '[rank3]:[E318 10:00:41.9 ProcessGroupNCCL.cpp:632] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600012 milliseconds before timing out.',
    ],
    [
      '(EngineCore pid=7) ERROR 03-01 00:00:00 [core.py:1512] TimeoutError: RPC call to execute_model timed out.',
    ],
    [
      'torch.distributed.DistStoreError: Timed out after 601 seconds waiting for clients. 1/2 clients joined.',
    ],
    ['RuntimeError: Did not receive response from front-end process within 5 minutes'],
    ['TimeoutError: Timed out waiting for engine core processes to start. Failed core proc(s): {}'],
    [
      'Warning  Unhealthy  12m  kubelet  Startup probe failed: Get "http://10.0.0.1:8000/health": dial tcp 10.0.0.1:8000: connect: connection refused',
    ],
    [
      '(Worker pid=2) INFO 03-01 00:00:00 [shm_broadcast.py:871] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging.',
      { nodes: 2 },
    ],
  ],
  'peer-died': [
    [
      '[W socket] [c10d] recvValue failed on SocketImpl(fd=84): Failed to recv, got 0 bytes. Connection was likely closed. Did the remote server shutdown or crash?',
    ],
    [
      "torch.distributed.DistBackendError: [8] is setting up NCCL communicator and retrieving ncclUniqueId from [0] via c10d key-value store by key '0', but store->get('0') got error: Connection reset by peer",
    ],
    [
      'torch.distributed.DistBackendError: NCCL error in: ../ProcessGroupNCCL.cpp:2251, remote process exited or there was a network error, NCCL version 2.21.5\nncclRemoteError: A call failed possibly due to a network error or a remote process exiting prematurely.',
    ],
    [
      '[rank8]:[E ProcessGroupGloo.cpp:144] Rank 8 successfully reached monitoredBarrier, but received errors while waiting for send/recv from rank 0. Please check rank 0 logs for faulty rank.',
    ],
    ['RuntimeError: Rank 0 scheduler is dead. Please check if there are relevant logs.'],
    [
      '(Worker_TP1 pid=9) ERROR 03-01 00:00:00 [multiproc_executor.py:1063] RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer [10.0.0.2]:31423. This is typically caused by a remote worker crashing.',
    ],
    [
      "ValueError: TP rank 3 could finish the model loading, but there are other ranks that didn't finish loading. It is likely due to unexpected failures (e.g., OOM) or a slow node.",
    ],
    [
      'n1:3:30 [4] NCCL WARN NET/Socket : socketProgress: Connection closed by remote peer node2<50544>\ntorch.distributed.DistBackendError: NCCL error: remote process exited or there was a network error',
    ],
    [
      '[W318 10:00:41.9 TCPStore.cpp:125] [c10d] recvValue failed on SocketImpl(fd=135, addr=[a]:48750, remote=[b]:20000): Connection reset by peer',
    ],
    ['ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.'],
  ],
  'zombie-server': [
    [
      'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.\nINFO:     10.0.0.1:33000 - "GET /v2/health/live HTTP/1.1" 200 OK',
    ],
    [
      'INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK\nINFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK',
      { facts: { symptom: 'rank 1 was killed; server answers health, completions block' } },
    ],
    [
      'INFO:     127.0.0.1:1 - "GET /metrics HTTP/1.1" 200 OK',
      { nodes: 2, facts: { observed: 'worker node is down' } },
    ],
    ['[sglang] <defunct>', {}],
    [
      '(APIServer pid=1) ERROR 01-01 00:00:00 [async_llm.py:1] EngineDeadError: EngineCore encountered an issue.\nINFO:     1.1.1.1:1 - "GET /health HTTP/1.1" 200 OK',
    ],
    [
      'INFO:     10.0.0.4:60062 - "GET /health HTTP/1.1" 200 OK',
      { facts: { symptom: 'requests never return' } },
    ],
    [
      'INFO:     10.0.0.4:60062 - "GET /get_model_info HTTP/1.1" 200 OK\nINFO:     10.0.0.4:60070 - "GET /health HTTP/1.1" 200 OK',
      { facts: { symptom: 'chat completions time out' } },
    ],
    [
      '(APIServer pid=1) INFO 04-15 10:00:00 [loggers.py:80] Engine 000: Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 0.0 tokens/s, Running: 0 reqs, Waiting: 3 reqs, GPU KV cache usage: 0.0%\n(APIServer pid=1) INFO:     10.0.0.4:60062 - "GET /version HTTP/1.1" 200 OK',
    ],
    ['vllm.engine.async_llm_engine.AsyncEngineDeadError: Background loop has errored already.'],
    ['root  712  0.0  0.0  0  0 ?  Zl  10:00  0:00 [sglang::schedul] <defunct>'],
  ],
};

export const nearMisses: NearMisses = {
  'barrier-while-others-load': 'all ranks finished loading',
  'ray-channel-timeout': 'object is available to read',
  'scheduler-watchdog': 'watchdog_timeout=300',
  'collective-timeout': 'Timeout(ms)=600000',
  'engine-timeout': 'the timeout is 600 s',
  'no-broadcast-block': 'broadcast block found',
  'peer-closed': 'Connection closed by the client',
  'worker-gone': 'Worker proc started',
  'engine-dead-server-lives': 'Health check passed',
  'green-while-stuck': '"POST /v1/chat/completions HTTP/1.1" 200 OK',
  'requests-without-tokens':
    'Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 12.0 tokens/s, Running: 1 reqs',
  'green-after-death': '"GET /health HTTP/1.1" 503 Service Unavailable',
  defunct: 'sglang::scheduler is running',
};
