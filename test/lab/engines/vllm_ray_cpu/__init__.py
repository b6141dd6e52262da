"""Test only: lets vLLM's CPU build run its Ray executor. A platform plugin of vLLM; no file of vLLM is changed."""


def register():
    # vLLM asks while its own platforms are being imported: the class is named here, and imported by vLLM later.
    return "vllm_ray_cpu.platform.RayCpuPlatform"
