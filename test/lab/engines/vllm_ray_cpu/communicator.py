from vllm.distributed.device_communicators.cpu_communicator import CpuCommunicator


class TwoHostCommunicator(CpuCommunicator):
    """Ranks of one Ray cluster all have the same init method, which vLLM's CPU communicator takes for one shared memory."""

    def _all_group_ranks_share_shm_group_name(self) -> bool:
        return False
