/**
 * What stops a launch, as the thing to repair first. A closed list, with the general words for each: rules say more
 * where their line says more. Names shared with ../fabric/diagnose/categories.ts mean the same.
 */
export interface CategoryWords {
  readonly cause: string;
  readonly fix: string;
}

export type Family = 'command' | 'versions' | 'host' | 'gpu' | 'files' | 'gang';

/** Headings of the families, in the order of docs/diagnosis.md. */
export const familyTitles: Readonly<Record<Family, string>> = {
  command: 'Command line, configuration, support of the model',
  versions: 'Versions and installation',
  host: 'Host resources',
  gpu: 'GPU',
  files: 'Files',
  gang: 'Forming the gang, and its life',
};

const words = {
  command: {
    'bad-flag': {
      cause:
        'an argument is unknown to this version of the engine: misspelt, removed, newer, or of the other engine',
      fix: 'compare every flag with `vllm serve --help=all` or `python3 -m sglang.launch_server --help` of the very image; drop it or write it as this version does',
    },
    'parallel-size-invalid': {
      cause:
        'the tensor, pipeline, data or expert parallel sizes do not divide the model, or do not match the GPUs and nodes',
      fix: 'choose a tensor-parallel size that divides the attention heads and the quantisation blocks and equals the GPUs of a node, and spread over nodes with pipeline parallelism; `dsr1ctl plan` shows the ranks',
    },
    'model-unsupported': {
      cause:
        'this version of the engine (or of transformers) does not know the architecture of the checkpoint',
      fix: 'take a version of the engine that lists the architecture, with the transformers that it pins; or another checkpoint of the model',
    },
    'hardware-unsupported': {
      cause: 'the GPU generation lacks what the checkpoint or the kernel needs',
      fix: 'use GPUs of the needed compute capability (FP8: 8.9 or newer), a checkpoint in BF16, INT8 or AWQ, or another attention or MoE backend',
    },
    'trust-remote-code': {
      cause: 'the model brings Python code of its own and the loader was not allowed to run it',
      fix: 'read that code, then add --trust-remote-code on every node; or take a version of the engine that supports the model itself',
    },
    'engine-bug': {
      cause: 'the engine fails in its own code although the settings are legal',
      fix: 'take a version before or after this one, or switch the feature off that the traceback names',
    },
  },
  versions: {
    'version-mismatch': {
      cause: 'two components, or two nodes, have versions that do not work together',
      fix: 'use one identical image on all nodes, with the torch, kernels, NCCL, Ray and transformers that this version of the engine pins',
    },
    'driver-too-old': {
      cause: 'the GPU driver is older than the CUDA of the image, wheel or kernel needs',
      fix: 'upgrade the driver of the host, or take an image built for the CUDA version that `nvidia-smi` shows; on GPUs without forward compatibility take /usr/local/cuda/compat out of LD_LIBRARY_PATH',
    },
    'toolchain-missing': {
      cause: 'kernels are compiled at run time, and compiler, headers, nvcc or ninja is missing or too old',
      fix: 'on every node: apt-get install g++ python3-dev ninja-build, and a CUDA toolkit with CUDA_HOME=/usr/local/cuda and $CUDA_HOME/bin in PATH; or use the devel image of the engine',
    },
    'cache-corrupt': {
      cause: 'an artefact in a compile or kernel cache does not fit this run',
      fix: 'stop the ranks and remove the cache on every node: ~/.cache/vllm/torch_compile_cache, ~/.triton/cache, ~/.cache/flashinfer, /tmp/torchinductor_*; keep caches on a local disk, one per node',
    },
    'plugin-missing': {
      cause: 'a shared library or Python package that must be loaded is absent',
      fix: 'install it where the rank runs, or make its folder known by LD_LIBRARY_PATH or PYTHONPATH of the rank',
    },
    'no-gpu-runtime': {
      cause:
        'the container gets no GPUs: the NVIDIA container toolkit is missing or not registered, or the container was started without them',
      fix: 'install nvidia-container-toolkit, `nvidia-ctk runtime configure --runtime=docker`, `systemctl restart docker`, and start with --gpus all',
    },
    'container-privilege': {
      cause: 'seccomp, a missing capability or ptrace_scope forbids a call',
      fix: '--cap-add=SYS_PTRACE --cap-add=SYS_NICE --cap-add=IPC_LOCK --security-opt seccomp=unconfined, and `sysctl kernel.yama.ptrace_scope=0`',
    },
    'clock-skew': {
      cause: 'the clock of the host is wrong, so certificates and tokens are refused',
      fix: '`timedatectl set-ntp true` (or `chronyc makestep`) on the host, check with `date -u`, then retry',
    },
  },
  host: {
    'shm-too-small': {
      cause: '/dev/shm is too small or full',
      fix: 'docker --shm-size=16g or --ipc=host (on a host: mount -o remount,size=16G /dev/shm), and remove stale files: /dev/shm/nccl-* /dev/shm/psm_*',
    },
    'disk-full': {
      cause: 'a file system has no space left; a small tmpfs such as /tmp of a container counts too',
      fix: '`df -h` on the path of the message; free space, or move it: HF_HOME, TMPDIR, TRITON_CACHE_DIR, VLLM_CACHE_ROOT, ray start --temp-dir',
    },
    memlock: {
      cause: 'the limit of locked memory is too low for RDMA registration',
      fix: 'ulimit -l unlimited in the very process that starts the ranks: LimitMEMLOCK=infinity in its unit, docker --ulimit memlock=-1, and log in again after limits.conf was changed',
    },
    'fd-limit': {
      cause: 'the limit of open files is reached',
      fix: 'LimitNOFILE=1048576 in the unit, docker --ulimit nofile=1048576:1048576, `ulimit -n 1048576` in a shell',
    },
    'process-limit': {
      cause: 'the limit of processes or threads is reached',
      fix: 'look at `ulimit -u` and at pids.max of the cgroup; raise TasksMax=infinity, docker --pids-limit=-1, podPidsLimit; or start fewer: OMP_NUM_THREADS=1, TORCHINDUCTOR_COMPILE_THREADS=1, MAX_JOBS=4',
    },
    'host-oom-killed': {
      cause: 'a process was killed for lack of host memory (kernel, cgroup limit or Ray)',
      fix: 'confirm with `dmesg -T | grep -i oom`; give the host or container more RAM, or take less: no CPU offload or swap space, fewer parallel loaders and compile jobs',
    },
    'os-kernel-bug': {
      cause: 'this build of the kernel is at fault: with another one nothing else has to change',
      fix: 'boot the kernel that worked before (`uname -r` on good and bad nodes) and hold it: apt-mark hold linux-image-…',
    },
    'no-rdma-device-in-container': {
      cause: '/dev/infiniband is not visible where the rank runs',
      fix: 'docker --device=/dev/infiniband --cap-add=IPC_LOCK --ulimit memlock=-1 --network=host',
    },
  },
  gpu: {
    oom: {
      cause: 'GPU memory is too small for the weights, the graphs or the share that was asked for',
      fix: 'lower --gpu-memory-utilization or --mem-fraction-static by 0.05, --max-num-seqs, --max-num-batched-tokens or --chunked-prefill-size; or shard over more GPUs',
    },
    'kv-cache-too-small': {
      cause:
        'the weights fit, and what is left for the KV cache does not hold one sequence of the asked length',
      fix: 'lower --max-model-len (SGLang: --context-length), raise --gpu-memory-utilization (--mem-fraction-static), set --kv-cache-dtype fp8, or shard over more GPUs',
    },
    'gpu-memory-occupied': {
      cause: 'another process, often of a launch before, holds GPU memory',
      fix: '`nvidia-smi --query-compute-apps=pid,used_memory,name --format=csv` on the node, end those processes, and launch again',
    },
    'gpu-visibility': {
      cause: 'CUDA_VISIBLE_DEVICES names GPUs that are not there, or in a form that the engine cannot read',
      fix: 'give plain indices (CUDA_VISIBLE_DEVICES=0,1,…) of GPUs that `nvidia-smi -L` lists, one GPU a rank, and no MIG slices in a gang',
    },
    'gpu-hardware-fault': {
      cause: 'a GPU failed: memory error, Xid, or fallen off the bus',
      fix: '`dmesg -T | grep -i xid`, `nvidia-smi -q -d ECC,ROW_REMAPPER`; take the node out (`dsr1ctl node cordon`), reset the GPU or reboot once, and have it exchanged when it comes again',
    },
    'fabric-manager-down': {
      cause:
        'the NVSwitch fabric is not initialised: Fabric Manager is absent, stopped, or of another version than the driver',
      fix: 'install nvidia-fabricmanager of exactly the version of the driver, `systemctl enable --now nvidia-fabricmanager`, and wait until `nvidia-smi -q | grep -A2 Fabric` says Completed',
    },
    'nvml-mismatch': {
      cause:
        'the driver libraries and the loaded kernel module have different versions, as after an upgrade without a reboot',
      fix: 'reboot the host (or unload and load the nvidia modules) so that `cat /proc/driver/nvidia/version` and the libraries agree; hold the driver package',
    },
    'p2p-broken': {
      cause: 'GPUs cannot reach each other directly (ACS, IOMMU, topology), although NCCL may initialise',
      fix: 'switch ACS off and set iommu=pt (or off), check with p2pBandwidthLatencyTest; until then NCCL_P2P_DISABLE=1 and --disable-custom-all-reduce',
    },
  },
  files: {
    'model-files-missing': {
      cause: 'the path of the model, a shard or the tokenizer is absent on at least one node',
      fix: 'put the complete model at the same absolute path on every node (`ls` it on each), and mount that path into every container',
    },
    'weights-corrupt': {
      cause: 'a weight file is truncated, damaged, or a git-lfs pointer',
      fix: 'compare sizes and sha256 with the hub and fetch the file again: hf download MODEL --local-dir DIR; after `git clone` also `git lfs pull`',
    },
    'hub-unreachable': {
      cause: 'the model hub is asked and cannot be reached, or offline mode forbids it',
      fix: 'give the absolute local path for model and tokenizer and set HF_HUB_OFFLINE=1 on every rank; or open the way to the hub (HTTPS_PROXY, HF_ENDPOINT)',
    },
    'hub-auth': {
      cause:
        'the model hub refuses: gated or private model, no token or a wrong one, or a name that does not exist',
      fix: 'accept the licence on the page of the model and give HF_TOKEN to every rank; or download once and use the local path',
    },
  },
  gang: {
    'ray-node-ip-mismatch': {
      cause: 'the engine and Ray know the same node under different addresses',
      fix: 'on each node: ray start --node-ip-address=IP and VLLM_HOST_IP=IP with the same numeric address, the one that `ray status -v` shows',
    },
    'ray-gcs-unreachable': {
      cause: 'a node cannot reach the head of the Ray cluster',
      fix: 'start the head first, give every worker its real address (ray start --address=HEAD:6379), open port 6379 and the worker ports, and check with `nc -zv HEAD 6379`',
    },
    'wrong-host-ip': {
      cause: 'the address given for this node is not its own, or the others cannot reach it',
      fix: 'set VLLM_HOST_IP, SGLANG_HOST_IP or HOST_IP on each node to its own address of the control network (`ip -br addr`); the head address must belong to rank 0',
    },
    'wrong-interface': {
      cause: 'Gloo or NCCL bootstrap uses an interface that does not reach the peers',
      fix: 'NCCL_SOCKET_IFNAME and GLOO_SOCKET_IFNAME with the interface that routes to the head, on each node by its own name',
    },
    'loopback-used': {
      cause: 'a rank offers 127.x to the others: its host name does not resolve to a real address',
      fix: 'GLOO_SOCKET_IFNAME and NCCL_SOCKET_IFNAME with the routable interface, the host IP variable with its address, and the own name in /etc/hosts with that address',
    },
    'port-in-use': {
      cause: 'a port that this launch needs is taken, also by another worker of the same launch',
      fix: '`ss -ltnp` on the node shows the owner; end leftover ranks or choose other ports, below net.ipv4.ip_local_port_range; do not set VLLM_PORT for a gang',
    },
    timeout: {
      cause: 'a time limit fired on something slow or waiting',
      fix: 'find the rank that was late (its log, py-spy dump); when it was only slow raise the limit that the line names',
    },
    'peer-died': {
      cause: 'this log belongs to a witness: another rank ended first',
      fix: 'read the log of the peer that the line names, and the earliest error over all nodes',
    },
    'zombie-server': {
      cause: 'the HTTP server or a process lives on while the engine behind it is dead or stuck',
      fix: 'stop the whole process tree and launch again; judge life by a generated token with a time limit, not by /health',
    },
  },
} as const satisfies Record<Family, Record<string, CategoryWords>>;

type Words = typeof words;
export type Category = { [F in Family]: keyof Words[F] }[Family];

/** All categories with their family and general words, in the order of the documentation. */
export const categories: readonly (CategoryWords & {
  readonly family: Family;
  readonly category: Category;
})[] = Object.entries(words).flatMap(([family, table]) =>
  Object.entries(table).map(([category, { cause, fix }]) => ({
    family: family as Family,
    category: category as Category,
    cause,
    fix,
  })),
);

/** General words of a category. */
export function wordsFor(category: Category): CategoryWords {
  const found = categories.find((entry) => entry.category === category);
  return found ?? { cause: category, fix: 'read the evidence' };
}
