/** Components that do not fit together, and drivers. */
import { worksWith } from '../facts.ts';
import type { Rule } from '../model.ts';

const cachePath = /\/(?:\.cache|\.triton|torchinductor|flashinfer|cached_ops|deep_gemm|torch_compile_cache)/;

export const versionRules: readonly Rule[] = [
  {
    id: 'ray-versions',
    category: 'version-mismatch',
    line: /Version mismatch: The cluster was started with|(?:Ray|Python) version mismatch/i,
    strength: 'proof',
    source: 'ray/_private/utils.py check_version_info',
    beside: ['ray-version'],
    cause: 'a node joins with other versions of Ray or Python than the head has',
  },
  {
    id: 'package-below-minimum',
    category: 'version-mismatch',
    line: /(?<!\S)(\S{1,80}) is installed with version (\S{1,80}), which is less than the minimum required version (\S{1,80}?)\.?(?:\s|$)/,
    strength: 'proof',
    source: 'sglang/srt/utils assert_pkg_version',
    cause: '$1 is $2, this version of the engine needs at least $3',
    fix: 'pip install $1==$3 (the version that this release of the engine pins, not simply the latest), on every node',
  },
  {
    id: 'package-requirement',
    category: 'version-mismatch',
    line: /already used by a Transformers \w+|is required for a normal functioning of this module, but found|[Vv]ersionConflict|DistributionNotFound|(?<![\w.-])\w[\w.-]{0,80} ?[><=!~]=+ ?[\d.]+\S{0,40} (?:is|are) required|requires? \w[\w.-]{0,80} ?[><=~!]=+ ?[\d.]+.{0,40}(?:but|found|installed|got)|but you have \S+ \d[\d.]*\S* (?:which is )?incompatible|(?:does not match|doesn't match|not match) (?:the )?(?:\w+[ -])?version|version \(?\S+?\)? does not match|(?:incompatible|mismatched|different) versions? of|version incompatibility|(?:is|are) required,? but (?:found|got|installed|you have)|version is (?:wrong|too old|too new|not supported)|(?:only supported with|requires?|needs?) (?:torch|transformers|triton|vllm|sglang|flashinfer|ray|cuda|nccl|python|numpy) ?(?:>=|==|<|version)/i,
    strength: 'proof',
    source: 'transformers/utils/versions.py, pip, flashinfer/version checks',
  },
  {
    id: 'abi-symbol',
    category: 'version-mismatch',
    line: /(?<!\S)(\S*): undefined symbol: (_Z\w+|nccl\w+|__nvJitLink\w*|cu(?:blas|dnn|sparse|fft|solver|rand)\w*|iJIT\w*|Py\w+)/,
    strength: 'proof',
    source: 'ELF loader; mangled names are of C++ libraries such as libtorch and libc10',
    when: (_, match) => !cachePath.test(match[1] ?? ''),
    cause:
      'a compiled extension was built for another version of the library that should hold $2 (torch for at:: and c10::)',
    fix: 'install the torch (or NCCL, CUDA library) that this wheel of the engine pins, or rebuild the extension; take foreign folders out of LD_LIBRARY_PATH',
  },
  {
    id: 'library-version',
    category: 'version-mismatch',
    line: /version [`'](?:GLIBC|GLIBCXX|CXXABI|NCCL|CUDA)\w*[\d._]+' not found|compiled using NumPy 1|\b(?:CUDNN|CUBLAS|CUSOLVER|CUSPARSE|NVSHMEM|MIOPEN)\w*_VERSION_MISMATCH|numpy\.dtype size changed|operator torchvision::nms does not exist|mismatches the version that was used to compile PyTorch|compiled with different CUDA|Loaded runtime CuDNN library: .{0,40}but source was compiled with|compiled against .{0,40}but found runtime version|Descriptors cannot (?:not )?be created directly|API version .{0,30}too (?:old|new)/,
    strength: 'proof',
    source: 'glibc, NumPy, torchvision, torch.utils.cpp_extension, cuDNN frontend, protobuf',
  },
  {
    id: 'nccl-versions',
    category: 'version-mismatch',
    line: /Mismatched NCCL version|NCCL WARN Message truncated ?: received \d+ bytes instead of \d+|Invalid config \w+ attribute value|NCCL versions? (?:mismatch|differ)/i,
    strength: 'proof',
    source: 'NVIDIA/nccl src/init.cc, bootstrap.cc, misc/socket.cc: structures of another size on the wire',
    cause: 'the ranks load different NCCL versions',
  },
  {
    id: 'cuda-library-of-other-major',
    category: 'version-mismatch',
    line: /(lib(?:cudart|cublas\w*|cudnn\w*|nvrtc|nvJitLink|cusparse\w*|cufft|cusolver|c10\w*|torch\w*)\.so[\w.]*): cannot open shared object file/,
    strength: 'strong',
    source: 'ELF loader',
    cause: 'the wheel was built for another CUDA or torch: $1 is not there',
    fix: 'install the wheel for the CUDA of this torch (`python3 -c "import torch; print(torch.version.cuda)"`), or the image of the engine',
  },
  {
    id: 'import-name',
    category: 'version-mismatch',
    line: /cannot import name '([^']+)' from (?:partially initialized module )?'?([\w.]+)|AttributeError: (?:partially initialized )?module '([\w.]+)' has no attribute|AttributeError: '_OpNamespace' '\w+' object has no attribute|No module named '(?:vllm|sgl_kernel|torch|transformers|flashinfer|ray|triton)\./,
    strength: 'strong',
    source: 'Python import of a package that changed its API',
    cause: 'two Python packages do not fit: one asks the other for a name that its version does not have',
  },
  {
    id: 'package-of-the-driver-only',
    category: 'version-mismatch',
    line: /RaySystemError: System error: No module named '([\w.]+)'/,
    strength: 'strong',
    source: 'ray/_private/serialization.py: a worker unpickles what the driver sent',
    cause: 'the environment of this Ray worker is not that of the driver: it lacks $1',
    fix: 'start Ray on every node from the same environment or image that the engine starts from, with the same versions',
  },
  {
    id: 'pickle-between-versions',
    category: 'version-mismatch',
    line: /Can't get attribute '\w+' on <module|unsupported pickle protocol|Failed to unpickle serialized exception|msgspec\.ValidationError|unexpected keyword argument '\w+'.{0,80}(?:rpc|remote)/,
    strength: 'hint',
    source: 'pickle, msgspec between ranks',
    cause: 'ranks of different versions talk to each other',
  },
  {
    id: 'unexpected-keyword',
    category: 'version-mismatch',
    line: /TypeError: .{0,120}(?:got an unexpected keyword argument|got multiple values for (?:keyword )?argument|missing \d+ required positional argument|takes \d+ positional arguments? but)/,
    strength: 'hint',
    source: 'Python call between packages that changed their API',
  },
  {
    id: 'driver-too-old-torch',
    category: 'driver-too-old',
    line: /driver on your system is too old \(found version (\d+)/,
    strength: 'proof',
    source: 'torch/cuda/__init__.py, c10/cuda/CUDAFunctions.cpp',
    cause:
      'torch in this image is built for a newer CUDA than the driver of the host can run (driver level $1)',
  },
  {
    id: 'driver-insufficient',
    category: 'driver-too-old',
    line: /driver version is insufficient for CUDA runtime|cudaErrorInsufficientDriver|cudaErrorCallRequiresNewerDriver|not supported in the installed CUDA driver|unsatisfied condition: (cuda|driver)\s*>=?\s*([\d.]+)|[Pp]lease update your (?:GPU |graphics |NVIDIA )?driver|built for NVIDIA Driver Release \S+ or later|requires? (?:an? )?(?:NVIDIA )?driver (?:version )?(?:>=|\d|of at least|or newer)|driver (?:version )?is too old/i,
    strength: 'proof',
    source: 'CUDA runtime error 35 and 36, nvidia-container-cli, NGC entrypoint',
  },
  {
    id: 'forward-compatibility',
    category: 'driver-too-old',
    line: /Error 804\b|forward compatibility was attempted on non supported|CompatNotSupportedOnDevice|COMPAT_NOT_SUPPORTED/i,
    strength: 'proof',
    source: 'CUDA error 804, CUDA compatibility guide',
    cause:
      'the image brings a newer libcuda (forward compatibility) than the driver of the host, and this GPU does not support that',
    fix: 'upgrade the driver of the host to the CUDA level of the image, or use an image for the CUDA of the driver; or take /usr/local/cuda/compat out of LD_LIBRARY_PATH and /etc/ld.so.conf.d',
  },
  {
    id: 'driver-combination',
    category: 'driver-too-old',
    line: /Error 803\b|unsupported display driver|SystemDriverMismatch|SYSTEM_DRIVER_MISMATCH/i,
    strength: 'strong',
    source: 'CUDA error 803',
    when: (scene) => !scene.saw('library-mismatch'),
    cause:
      'the libcuda that is loaded (usually the compat library of the image) does not go with the kernel driver of the host',
    fix: 'upgrade the driver of the host, or take /usr/local/cuda/compat out of LD_LIBRARY_PATH; after a driver upgrade without a reboot, reboot',
  },
  {
    id: 'ptx-too-new',
    category: 'driver-too-old',
    line: /PTX was compiled with an unsupported toolchain|UnsupportedPtxVersion|UNSUPPORTED_PTX_VERSION/,
    strength: 'proof',
    source: 'CUDA error 222',
    cause: 'a kernel holds PTX of a newer CUDA than the driver can compile',
  },
  {
    id: 'driver-symbol',
    category: 'driver-too-old',
    line: /undefined symbol: (cu[A-Z]\w+)|(?:[Cc]annot|[Ff]ailed to|[Cc]ould not) (?:find|load|resolve|get) (?:symbol|function|proc\w*):? ?['"]?(cu[A-Z]\w+)/,
    strength: 'proof',
    source: 'libcuda.so.1 exports cuXxx; new ones come with new drivers',
    cause: '$1 is a symbol of libcuda that this driver does not have yet',
  },
  {
    id: 'config-attribute',
    category: 'version-mismatch',
    line: /^AttributeError: '?(\w+(?:Config|Processor|Tokenizer\w*)|Tokenizers\w+)'?(?: object)? has no attribute/,
    strength: 'strong',
    when: (_, match) => !isConfigOfEngine(match[1] ?? ''),
    source: 'a checkpoint or engine that was written for another transformers',
    cause:
      'the object that transformers made lacks what the engine or the checkpoint asks of it: their releases do not fit',
    fix: 'install the transformers that this version of the engine pins; a newer checkpoint needs a newer engine',
  },
  {
    id: 'works-with-other-library',
    category: 'version-mismatch',
    line: /NCCL version|is using nccl==|Init COMPLETE|No available shared memory broadcast block|collective operation timeout|Init torch distributed|backend=nccl/,
    strength: 'strong',
    source: 'the same launch works with another version of a library under the engine',
    when: (scene) =>
      worksWith(
        scene,
        /\b(?:nccl|libnccl\w*|efa|libfabric|aws-ofi-nccl|ucx|nvshmem|torch|triton|ray|transformers|flashinfer)\b.{0,40}?[ =v]\d+\.\d+/i,
      ),
    cause:
      'the launch works with another version of a library: the one that is loaded does not fit the engine',
  },
  {
    id: 'foreign-symbol',
    category: 'version-mismatch',
    line: /(?<!\S)(\S*): (?:undefined symbol|symbol lookup error)/,
    strength: 'hint',
    source: 'ELF loader',
    cause: 'a shared library was built for another version of one that it uses',
    when: (_, match) => !cachePath.test(match[1] ?? ''),
  },
];

/** Classes that the engines define themselves; those of transformers bear the name of a model. */
function isConfigOfEngine(name: string): boolean {
  return /^(?:Vllm|Model|Parallel|Cache|Scheduler|Speculative|Load|Device|LoRA|Compilation|Attention|Observability|Pooler|KV\w+|\w*(?:Fp8|FP8|Fp4|NvFp4|AWQ|GPTQ|Marlin|Quant|CompressedTensors)\w*)Config$/.test(
    name,
  );
}
