/**
 * A Python program that an environment runs of itself: its versions, then the argument list that its engine's own parser
 * takes. Nothing is started, no GPU is seen, nothing is left. Each answer is a line of its own, since engines print when they are imported.
 */
export const READ_MARK = '@dsr1-engine@';

/** Argv after the interpreter: `-B` leaves no compiled files behind; the program ends itself after `limitSeconds`. */
export const readArguments = (engine: string, limitSeconds: number): readonly string[] => [
  '-B',
  '-c',
  READ_SCRIPT,
  engine,
  String(limitSeconds),
];

const READ_SCRIPT = `
import json, os, re, signal, sys, tempfile
from importlib import metadata

engine = sys.argv[1]
signal.alarm(int(sys.argv[2]))
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# Engines make caches when they are imported; these go with the program.
own = tempfile.TemporaryDirectory(prefix="dsr1-read-")
for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
    os.environ[name] = own.name
# Not what lies in the working folder: an image may keep sources there that hide what is installed.
sys.path = [path for path in sys.path if path]

def say(what):
    print("${READ_MARK}" + json.dumps(what), flush=True)

def version(*names):
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            pass

def nccl():
    packaged = version("nvidia-nccl-cu13", "nvidia-nccl-cu12", "nvidia-nccl-cu11")
    if packaged or not cuda():
        return packaged
    import torch
    return ".".join(map(str, torch.cuda.nccl.version()[:3]))

def cuda():
    try:
        torch = metadata.distribution("torch").locate_file("torch/version.py").read_text()
    except (metadata.PackageNotFoundError, OSError):
        return None
    found = re.search(r"^cuda(?::[^=]*)?\\s*=\\s*['\\"]([\\d.]+)['\\"]", torch, re.M)
    return found and found[1]

def parser():
    if engine == "sglang":
        import argparse
        from sglang.srt.server_args import ServerArgs
        made = argparse.ArgumentParser()
        ServerArgs.add_cli_args(made)
        return made
    from vllm.entrypoints.cli.serve import make_arg_parser
    try:
        from vllm.utils.argparse_utils import FlexibleArgumentParser
    except ImportError:
        from vllm.utils import FlexibleArgumentParser
    return make_arg_parser(FlexibleArgumentParser())

def words():
    for action in parser()._actions:
        # The long name first, as people write it.
        names = sorted(action.option_strings, key=lambda name: not name.startswith("--"))
        if names:
            yield ",".join(names) + ("!" if action.nargs == 0 else "")

def because(problem):
    return f"{type(problem).__name__}: {problem}".splitlines()[0][:300]

try:
    library = nccl()
except Exception:
    library = None
say({
    "version": version(engine, engine + "-cpu"),
    "pythonVersion": "%d.%d.%d" % sys.version_info[:3],
    "torch": version("torch"),
    "nccl": library,
    "cuda": cuda(),
    "ray": version("ray"),
})
try:
    say({"flags": " ".join(words())})
except BaseException as problem:
    say({"because": because(problem)})
`;
