"""Import-only stand-in for sgl_kernel on a CPU without AMX, for which PyPI has no build. Test benches only.

It holds no kernels. SGLang then takes its own torch-native path and merely imports names from here; a name that is
called after all raises with its own name. `torch.ops.sgl_kernel` stays empty, which is how SGLang tells that there is no
AMX support.
"""

__version__ = "0.0.0"


def __getattr__(name: str):
    if name.startswith("__"):
        raise AttributeError(name)

    def missing(*_args, **_kwargs):
        raise NotImplementedError(f"sgl_kernel.{name} was called, but this is the CPU import stand-in without kernels")

    return missing
