from vllm.platforms.cpu import CpuPlatform


class RayCpuPlatform(CpuPlatform):
    """CPU ranks that ask Ray for a "GPU": `ray start --num-gpus 1` offers one as a plain number, no device is touched."""

    ray_device_key = "GPU"

    @classmethod
    def get_device_communicator_cls(cls) -> str:
        return "vllm_ray_cpu.communicator.TwoHostCommunicator"
