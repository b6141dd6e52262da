/** Host resources: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'shm-too-small': [
    ['(raylet) A worker died, exit code: -7'],
    [
      'RuntimeError: NCCL error: unhandled system error\nn1:1:1 [0] misc/shmutils.cc:72 NCCL WARN Error: failed to extend /dev/shm/nccl-x to 9637892 bytes, error: No space left on device (28)',
    ],
    ['nccl: include/shm.h:28 NCCL WARN Call to shm_open failed : No space left on device'],
    ['n1:1:1 [0] NCCL WARN Error: failed to extend /dev/shm/nccl-Vc1 to 9637892 bytes'],
    [
      'node1:33:91 [2] misc/shmutils.cc:87 NCCL WARN Error: failed to extend /dev/shm/nccl-8aLx2z to 33030532 bytes, error: No space left on device (28)',
    ],
    [
      "RuntimeError: DataLoader worker (pid 71) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
    ],
    ['Fatal Python error: Bus error'],
    ["OSError: [Errno 28] No space left on device: '/psm_3fd21a77'"],
    ['RuntimeError: unable to write to file </torch_215_881_0>: No space left on device (28)'],
  ],
  'disk-full': [
    ['docker: failed to extract layer: write /var/lib/containerd/x: no space left on device'],
    [
      '(raylet) file_system_monitor.cc:116: /tmp/ray/session_x is over 95% full, available space: 1.2 GB; capacity: 98.3 GB. Object creation will fail if spilling is required.',
    ],
    [
      '(raylet) file_system_monitor.cc:116: /tmp/ray/session_x is over 95% full, available space: 1.2 GB; capacity: 98.3 GB.',
    ],
    [
      "OSError: [Errno 28] No space left on device: '/root/.cache/huggingface/hub/models--x/blobs/ab.incomplete'",
    ],
    ['failed to register layer: write /usr/local/lib/libcublasLt.so: no space left on device'],
    ['OSError: [Errno 122] Disk quota exceeded'],
    [
      'UserWarning: Not enough free disk space to download the file. The expected file size is: 4302.35 MB.\nRuntimeError: Data processing error: IO Error: No space left on device (os error 28)',
    ],
    ['/tmp/tmpxft_1.cpp: fatal error: error writing to /tmp/ccx.s: No space left on device'],
  ],
  memlock: [
    ['Call to ibv_reg_mr failed: Cannot allocate memory, max locked memory (kbytes, -l) 64'],
    ['ERROR: fi_mr_reg failed: Cannot allocate memory'],
    ['node3:12:88 [1] NCCL WARN Call to ibv_create_cq failed with error Cannot allocate memory'],
    [
      "[1712345.1] UCX ERROR ibv_reg_mr(address=0x7f, length=4096, access=0xf) failed: Cannot allocate memory. Please set max locked memory (ulimit -l) to 'unlimited' (current: 64 kbytes)",
    ],
    [
      'libibverbs: Warning: RLIMIT_MEMLOCK is 65536 bytes.\n    This will severely limit memory registrations.\nE0101 01:02:03.000000 12 rdma_context.cpp:210] Failed to register memory 0x7f00: Cannot allocate memory [12]',
      { facts: { ulimit_l: '64' } },
    ],
  ],
  'fd-limit': [
    ['RuntimeError: unable to open file: Too many open files (24)'],
    [
      'WARNING 01-01 00:00:00 [utils.py:1] Found ulimit of 1024 and failed to automatically increase with error current limit exceeds maximum limit. This can cause fd limit errors like `OSError: [Errno 24] Too many open files`. Consider increasing with ulimit -n\n[Errno 24] Too many open files',
    ],
    ['Failed to add /run/systemd/ask-password to inotify watch: No space left on device'],
    ['OSError: [Errno 24] Too many open files'],
    ['zmq.error.ZMQError: Too many open files'],
    ["ERROR:    [Errno 24] Too many open files: '/dev/null'"],
    [
      'socket.accept() out of system resource\nsocket: <asyncio.TransportSocket fd=9>\nOSError: [Errno 24] Too many open files',
    ],
  ],
  'process-limit': [
    [
      "terminate called after throwing an instance of 'std::system_error'\n  what():  Resource temporarily unavailable",
    ],
    ["RuntimeError: can't start new thread\nWorkerProc failed to start."],
    [
      "thread 'tokio-runtime-worker' panicked: OS can't spawn worker thread: Resource temporarily unavailable (os error 11)",
    ],
    ['OpenBLAS blas_thread_init: pthread_create failed for thread 5 of 64: Resource temporarily unavailable'],
    ["RuntimeError: can't start new thread"],
    ['libgomp: Thread creation failed: Resource temporarily unavailable'],
    ['bash: fork: retry: Resource temporarily unavailable'],
    ['OpenBLAS blas_thread_init: RLIMIT_NPROC 4096 current, 4096 max'],
    ['BlockingIOError: [Errno 11] Resource temporarily unavailable'],
    ['[12345.678901] cgroup: fork rejected by pids controller in /system.slice/docker-ab.scope'],
  ],
  'host-oom-killed': [
    ['[2026-01-01 00:00:00 +0000] [1] [ERROR] Worker (pid:25) was sent SIGKILL! Perhaps out of memory?'],
    ['[launch.py:321] serve.py exits with return code = -9'],
    ['"OOMKilled": false,\n"ExitCode": 137,'],
    ['rank 1 on gpu-2 ended with SIGKILL in phase weights (killed by the kernel: out of memory)'],
    [
      'slurmstepd: error: Detected 1 oom_kill event in StepId=1.0. Some of the step tasks have been OOM Killed.',
    ],
    ['(Engine pid=1) ERROR: Engine core proc died with exit code 137'],
    ['/entrypoint.sh: line 12:   345 Killed                  python3 -m sglang.launch_server --tp 8'],
    ["subprocess.CalledProcessError: Command '['vllm']' died with <Signals.SIGKILL: 9>."],
    ['[TP3] exitcode: -9 (pid: 81)'],
    [
      'torch.distributed.elastic.multiprocessing.api: failed (exitcode: -9) local_rank: 0 (pid: 71) of binary: /usr/bin/python3',
    ],
    [
      'concurrent.futures.process.BrokenProcessPool: A process in the process pool was terminated abruptly while the future was running or pending.',
    ],
    [
      "RuntimeError: [enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes.",
    ],
    [
      'WARNING worker.py:2074 -- A worker died or was killed. Worker exit type: SYSTEM_ERROR Worker exit detail: Worker unexpectedly exits',
    ],
    ['/entrypoint.sh: line 12:   345 Killed                  python3 -m sglang.launch_server --tp 8'],
    [
      'RuntimeError: Rank 3 scheduler died during initialization (exit code: -9). If exit code is -9 (SIGKILL), a common cause is the OS OOM killer. Run `dmesg -T | grep -i oom` to check.',
    ],
    [
      '[Mon Mar  2 19:54:20 2026] Out of memory: Killed process 4711 (sglang::schedul) total-vm:812345678kB, anon-rss:512345678kB',
    ],
    ['[99.123456] Memory cgroup out of memory: Killed process 12 (python3)'],
    ['ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.'],
    [
      '(EngineCore pid=2) ERROR 03-02 19:48:25 [multiproc_executor.py:315] Worker proc VllmWorker-4 died unexpectedly (exit code: -9), shutting down executor.',
    ],
    ['c++: fatal error: Killed signal terminated program cc1plus'],
    ['    Last State:     Terminated\n      Reason:       OOMKilled\n      Exit Code:    137'],
  ],
  'os-kernel-bug': [
    [
      'ibv_reg_mr_iova2 failed with error Cannot allocate memory',
      { facts: { memlock: 'unlimited', kernel: '6.8.0-60' } },
    ],
    [
      'node1:5:5 [0] misc/ibvwrap.cc:262 NCCL WARN Call to ibv_reg_mr failed with error Cannot allocate memory',
      { facts: { ulimit_l: 'unlimited' } },
    ],
    ['[ 812.123456] BUG: unable to handle page fault for address: ffff9c1'],
  ],
};

export const nearMisses: NearMisses = {
  'killed-by-7': 'exit code: 0',
  'read-only-file-system': 'the file system is ext4',
  'input-output-error': 'the input was put out',
  'nccl-shm': 'NCCL INFO Channel 00 via SHM/direct/direct',
  'bus-error': 'PCIe Bus: ok',
  'disk-full': 'space left on device: 12 GB',
  'disk-nearly-full': 'the disk is 50% full',
  'inotify-limit': 'inotify watch added',
  'registration-enomem': 'ibv_reg_mr registered 4096 bytes',
  'memlock-limit': 'max locked memory (kbytes, -l) unlimited',
  'registration-enomem-unlimited': 'ibv_reg_mr: done',
  'kernel-fault': 'no kernel bug was found',
  'too-many-open-files': 'open files (-n) 1024',
  'cannot-start-thread': 'zmq.error.Again: Resource temporarily unavailable',
  'kernel-oom-killer': 'the OOM killer did not run',
  'killed-by-9': 'If exit code is -9 (SIGKILL), a common cause is the OS OOM killer.',
  'ray-system-error': 'Worker exit type: INTENDED_USER_EXIT',
  'killed-alone': 'Killed by user',
  'host-allocation': 'allocated host memory',
};
