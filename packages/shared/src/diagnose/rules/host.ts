/** Host resources. */
import type { Rule } from '../model.ts';

const unlimitedMemlock = /(?:memlock|ulimit[._ -]*l|locked memory)\b\W*\s*(?:unlimited|infinity|-1)\b/i;

export const hostRules: readonly Rule[] = [
  {
    id: 'nccl-shm',
    category: 'shm-too-small',
    line: /posix_fallocate failed|[Ee]rror while creating shared memory segment|(?:extend|resize|create|allocate|attach\w*) (?:to )?\/dev\/shm\S*.{0,80}No space left|(?:\/dev\/shm|shm_open|include\/shm|psm_\w+|shared memory|sem\.mp|torch_\d+).{0,120}No space left|No space left.{0,60}(?:\/dev\/shm|'\/psm_|shared memory)|unable to (?:write to|allocate|open) (?:file|shared memory)[^.]{0,40}<\/torch_/i,
    strength: 'proof',
    source:
      'NVIDIA/nccl src/include/shm.h, src/misc/shmutils.cc; torch/csrc MapAllocator.cpp; Python shared_memory',
  },
  {
    id: 'bus-error',
    category: 'shm-too-small',
    line: /failed to extend \/dev\/shm|\bBus error\b|Unexpected bus error|killed by signal: Bus|insufficient shared memory|out of shared memory|\bSIGBUS\b|\/dev\/shm (?:is )?(?:too small|full|has only)/i,
    strength: 'strong',
    source: 'Linux raises SIGBUS for a page of a tmpfs that has no room',
  },
  {
    id: 'disk-full',
    category: 'disk-full',
    line: /^(?!.*(?:inotify|\/dev\/shm|shm_open|shm\.h|psm_|shared memory|torch_\d)).*(?:No space left on device|ENOSPC|Disk quota exceeded|[Nn]ot enough (?:free )?disk space|[Oo]ut ?of ?[Dd]isk|over \d+% full, available space: 0; capacity: (\d+)|\[Errno (?:28|122)\])/i,
    strength: 'proof',
    source: 'Linux ENOSPC and EDQUOT; ray src/ray/common/file_system_monitor.cc',
    when: (scene) => !scene.saw('nccl-shm-line'),
  },
  {
    id: 'disk-nearly-full',
    category: 'disk-full',
    line: /is over \d+% full, available space/,
    strength: 'hint',
    source: 'ray src/ray/common/file_system_monitor.cc',
  },
  {
    id: 'inotify-limit',
    category: 'fd-limit',
    line: /inotify.{0,80}(?:No space left|[Tt]oo many open files)/,
    strength: 'strong',
    source: 'fs.inotify.max_user_watches and max_user_instances',
    fix: 'sysctl fs.inotify.max_user_watches=1048576 fs.inotify.max_user_instances=8192',
  },
  {
    id: 'registration-enomem',
    category: 'memlock',
    line: /(?:ibv_\w+|reg_?mr\w*|fi_mr_reg|register\w* (?:\w+ )?memory|memory registration|create_[cq]p|mlock\w*)\b.{0,160}(?:Cannot allocate memory|ENOMEM|errno 12\b|error 12\b|\[12\]|: -12\b)/i,
    strength: 'proof',
    source: 'NVIDIA/nccl src/misc/ibvwrap.cc, UCX, libfabric, Mooncake: ENOMEM of a registration',
    when: (scene) => !scene.fact(unlimitedMemlock) && !scene.fact(/kernel_(?:bad|good)|other kernel/),
    beside: ['memlock-limit'],
    cause:
      'memory for RDMA cannot be locked: the limit of locked memory that this very process has is too low, whatever limits.conf says',
  },
  {
    id: 'memlock-limit',
    category: 'memlock',
    line: /RLIMIT_MEMLOCK is \d+|(?:max locked memory|ulimit -l|memlock).{0,60}(?:too (?:low|small)|not enough|set .{0,20}unlimited|increase)|locked memory is limited to \d+/i,
    strength: 'strong',
    source: 'libibverbs, UCX, dsr1 prepare check',
  },
  {
    id: 'registration-enomem-unlimited',
    category: 'os-kernel-bug',
    line: /(?:ibv_\w+|reg_?mr\w*|create_[cq]p)\b.{0,160}(?:Cannot allocate memory|ENOMEM|errno 12\b)/i,
    strength: 'proof',
    source: 'registration fails although locked memory is not limited',
    when: (scene) => scene.fact(unlimitedMemlock) || scene.fact(/kernel_(?:bad|good)|other kernel/),
    beside: ['cma'],
    cause:
      'memory registration fails although locked memory is unlimited: the accounting of this kernel build is wrong',
    fix: 'boot the kernel that worked before on every node, or add kho=off to the kernel command line where CmaFree is larger than CmaTotal; hold the kernel package',
  },
  {
    id: 'kernel-fault',
    category: 'os-kernel-bug',
    line: /BUG: unable to handle|kernel BUG at|Oops: |general protection fault|Kernel panic - not syncing|soft lockup - CPU|rcu_\w+ detected stalls|UBSAN:|KASAN:/,
    strength: 'strong',
    source: 'Linux kernel log',
  },
  {
    id: 'too-many-open-files',
    category: 'fd-limit',
    line: /Too many open files|\bEMFILE\b|\bENFILE\b|\[Errno 24\]/i,
    strength: 'proof',
    source: 'Linux EMFILE, ZeroMQ',
  },
  {
    id: 'cannot-start-thread',
    category: 'process-limit',
    line: /(?:pthread_create|thread|fork|clone|spawn|Popen|process\w*)\b.{0,100}(?:Resource temporarily unavailable|EAGAIN|\[Errno 11\])|(?:BlockingIOError|OSError): \[Errno 11\]|what\(\): +Resource temporarily unavailable|can't start new thread|fork rejected by pids controller|fork: retry|unable to create (?:new )?(?:native )?thread|[Tt]hread creation failed|RLIMIT_NPROC|TasksMax|(?:pids?|process|thread) limit (?:reached|exceeded)/i,
    strength: 'proof',
    source: 'Linux EAGAIN of clone(2), libgomp, OpenBLAS, kernel/cgroup/pids.c',
    beside: ['nproc-limit'],
  },
  {
    id: 'kernel-oom-killer',
    category: 'host-oom-killed',
    line: /Out of memory: Killed process|oom-kill:constraint|Memory cgroup out of memory|invoked oom-killer|oom_kill event|\bOOM Killed\b|\bOOMKilled\b|result 'oom-kill'|oom_reaper|killed by the (?:(?:OS |kernel )?OOM|kernel: out of memory)|exceeds the memory usage threshold|due to the node running low on memory|ray\.exceptions\.OutOfMemoryError|Killed signal terminated program/,
    strength: 'proof',
    source: 'Linux mm/oom_kill.c, systemd, Kubernetes, Ray memory monitor, gcc',
  },
  {
    id: 'killed-by-9',
    category: 'host-oom-killed',
    line: /(?<!If )exit ?code(?: is)?[:=]? ?\(?-9\b|\bexitcode *: *-9\b|(?:exited|died|terminated|failed|ended) .{0,40}(?:code|status|with|signal|by)[: =]*(?:-9\b|137\b|9\b|SIGKILL)|Signals\.SIGKILL|exit (?:code|status)[: =]*137\b|status=9\/KILL|\(signal 9\)|signal: killed/i,
    strength: 'hint',
    source: 'SIGKILL that nobody here sent is mostly the OOM killer',
    cause: 'a process got SIGKILL without a word: mostly the kernel ran out of host memory',
  },
  {
    id: 'ray-system-error',
    category: 'host-oom-killed',
    line: /BrokenProcessPool|Worker exit type: SYSTEM_ERROR|killed by SIGKILL by OOM killer/,
    strength: 'hint',
    source: 'ray src/ray/core_worker: the worker vanished; the OOM killer is the first reason that Ray names',
    cause:
      'a worker vanished without a traceback, as when the kernel kills it for lack of host memory while weights are loaded',
  },
  {
    id: 'killed-alone',
    category: 'host-oom-killed',
    line: /^(?:\S+: line \d+: +\d+ )?Killed\b(?!.{0,40}(?:by user|process group))/,
    strength: 'hint',
    source: 'shell message after SIGKILL',
    when: (scene) => !scene.saw('sigquit'),
  },
  {
    id: 'host-allocation',
    category: 'host-oom-killed',
    line: /^(?!.*(?:ibv_|reg_?mr|cuda|RDMA|register)).*(?:\bMemoryError\b|std::bad_alloc|DefaultCPUAllocator: (?:can't allocate|not enough) memory|OSError: \[Errno 12\]|Cannot allocate memory|mmap failed.{0,40}memory)/,
    strength: 'strong',
    source: 'malloc, mmap, fork without memory',
    cause: 'host memory could not be allocated',
  },
];
