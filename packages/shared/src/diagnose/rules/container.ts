/** Containers, and the clock that their registries judge. */
import type { Rule } from '../model.ts';

export const containerRules: readonly Rule[] = [
  {
    id: 'docker-no-gpu',
    category: 'no-gpu-runtime',
    line: /could not select device driver|unknown or invalid runtime name:? ?"?nvidia|[Uu]nknown runtime specified "?nvidia|RuntimeHandler "nvidia\S*" not (?:supported|found)|no runtime for "nvidia\S*" is configured|unresolvable CDI devices? nvidia|exec: "nvidia-container-\S+": executable file not found|nvidia-container-runtime\S*: no such file|nvidia-container-cli\S*: initialization error: (?!nvml error: driver\/library)|no adapters? were found|failed to (?:get|generate|inject) CDI (?:spec|devices)|GPU access blocked by the operating system/,
    strength: 'proof',
    source: 'moby daemon, nvidia-container-toolkit',
  },
  {
    id: 'nvidia-container-cli',
    category: 'no-gpu-runtime',
    line: /nvidia-container-cli(?:\.real)?: (?!.*(?:version mismatch|unsatisfied condition))/,
    strength: 'strong',
    source: 'libnvidia-container',
  },
  {
    id: 'no-driver-here',
    category: 'no-gpu-runtime',
    line: /Found no NVIDIA driver on your system|NVIDIA Driver was not detected|lib(?:cuda|nvidia-ml)\.so(?:\.1)?: cannot open shared object|couldn't find libnvidia-ml|Failed to infer device type|Failed to initialize NVML: Unknown Error|couldn't communicate with the NVIDIA driver|NVML Shared Library Not Found|NVMLError_LibraryNotFound|NVMLError_DriverNotLoaded|no NVIDIA GPU|Torch not compiled with CUDA enabled/i,
    strength: 'strong',
    source: 'torch/cuda, nvidia-smi, NGC entrypoint, vllm/config/device.py',
    cause:
      'the process sees no NVIDIA driver: the container was started without GPUs, or lost them (systemctl daemon-reload)',
  },
  {
    id: 'no-gpu-without-driver',
    category: 'no-gpu-runtime',
    line: /No CUDA GPUs are available|no CUDA-capable device is detected/,
    strength: 'strong',
    source: 'torch/cuda/__init__.py, CUDA error 100, where nothing of the driver is there either',
    when: (scene) =>
      scene.saw('no-driver') ||
      scene.fact(
        /without (?:--gpus|nvidia)|no --gpus|nvidia[-_ ]smi\w*\W.{0,40}(?:not found|no devices|fail)/i,
      ),
  },
  {
    id: 'thread-forbidden',
    category: 'container-privilege',
    line: /(?:pthread_create|thread|clone3?).{0,60}Operation not permitted/i,
    strength: 'proof',
    source: 'old container runtimes answer EPERM to clone3 (glibc 2.34)',
    cause: 'the seccomp profile of the container runtime forbids clone3, so no thread can be started',
    fix: 'upgrade docker, containerd and runc (20.10.10 or newer), or --security-opt seccomp=unconfined',
  },
  {
    id: 'call-forbidden',
    category: 'container-privilege',
    line: /(?:ptrace|pidfd_\w+|process_vm_\w+|mbind|[gs]et_mempolicy|move_pages|sched_set\w+|io_uring\w*|perf_event_open|unshare|mlock\w*|shmget|bpf\w*|keyctl|userfaultfd|cuMem\w+|setpriority|mount)\b.{0,80}(?:[Oo]peration not permitted|EPERM|[Pp]ermission denied)|(?:[Oo]peration not permitted|EPERM).{0,60}(?:ptrace|pidfd|mempolicy|seccomp|SYS_PTRACE|SYS_NICE)|ptrace_scope|CAP_(?:SYS_\w+|IPC_LOCK)\b.{0,60}(?:missing|required|needed|not)|(?:missing|requires?|needs?) .{0,30}CAP_(?:SYS_\w+|IPC_LOCK)|seccomp.{0,40}(?:denied|blocked|forbid|prevent)|Try running again with elevated permissions/,
    strength: 'strong',
    source: 'seccomp and capabilities of docker and containerd, yama ptrace_scope',
  },
  {
    id: 'permission-denied',
    category: 'container-privilege',
    line: /PermissionError: \[Errno 1?[13]\]|(?:^|: )\/\S{1,300}: Permission denied$|[Oo]peration not permitted|Failed to initialize NVML: Insufficient Permissions|permission denied while trying to connect to the Docker daemon/,
    strength: 'hint',
    source: 'Linux EPERM and EACCES',
    cause: 'the process lacks a permission: of a file (wrong user in the container), or of a system call',
  },
  {
    id: 'certificate-not-yet-valid',
    category: 'clock-skew',
    line: /certificate is not yet valid|is not valid yet|not yet valid: current time|current time \S+ is before|CERT_NOT_YET_VALID|RequestTimeTooSkewed|request time and the (?:current|server) time is too large|[Ss]ignature not yet current|token (?:used before issued|is not yet valid)|ImmatureSignature|clock (?:skew|is (?:behind|ahead|wrong|not synchroni))|(?:time|clock) (?:drift|skew)\b/,
    strength: 'proof',
    source: 'Go crypto/x509, OpenSSL, apt, AWS and JWT libraries',
    cause: 'the clock of the host is behind: what was issued lately is not valid yet for it',
  },
  {
    id: 'certificate-expired',
    category: 'clock-skew',
    line: /certificate has expired(?! or)|current time \S+ is after|token has expired/,
    strength: 'hint',
    source: 'Go crypto/x509, OpenSSL',
    cause: 'a certificate reads as expired: the clock of the host is ahead, or the certificate really is old',
  },
  {
    id: 'certificate-by-the-clock',
    category: 'clock-skew',
    line: /certificate has expired or is not yet valid(?!.*current time)/,
    strength: 'hint',
    source: 'Go crypto/x509 before 1.15, which does not tell the time that it compared',
    cause: 'a certificate does not fit the time of this host: mostly its clock is wrong',
  },
  {
    id: 'no-passwd-entry',
    category: 'container-privilege',
    line: /getpwuid\(\): uid not found: (\d+)/,
    strength: 'strong',
    source: 'Python getpass.getuser() of torch/_inductor for a user without an entry in /etc/passwd',
    cause: 'the container runs as user $1, which has no entry in /etc/passwd and no home that it may write',
    fix: 'set USER, HOME and TORCHINDUCTOR_CACHE_DIR to something writable, or run as a user that the image knows',
  },
  {
    id: 'devx-forbidden',
    category: 'container-privilege',
    line: /cannot allocate mlx5dv_devx_uar|mlx5dv_devx_\w+.{0,60}(?:failed|not permitted)(?!.*allocate memory)/i,
    strength: 'strong',
    source: 'NVIDIA/nvshmem src/modules/transport/ibgda: DEVX objects need privileges',
    cause: 'the container may not create DEVX objects of the network card, which GPU-initiated RDMA needs',
    fix: 'start the container with --privileged (or --cap-add=IPC_LOCK --cap-add=SYS_RAWIO and all of /dev/infiniband), or NVSHMEM_DISABLE_IBGDA=1',
  },
];
