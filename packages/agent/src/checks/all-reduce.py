"""One rank of an all-reduce that proves a gang's network, run with the Python of the engine (docs/fabric.md, 10).

argv[1] is JSON: rank, world, backend (nccl or gloo), gpu, address and port of rank 0, meetSeconds, connectSeconds,
sizesBytes, fd. What it reached and measured goes to that descriptor as JSON lines; NCCL's log goes to stdout, and
exceptions to stderr, as an engine's would. It ends by itself, at the latest when its time is up or its parent is gone.
"""
import ctypes
import datetime
import faulthandler
import json
import os
import signal
import socket
import sys
import time

STARTED = time.monotonic()
WARM_UPS = 3
MOST_ROUNDS = 50
"""Of one size, together."""
ROUNDS_SECONDS = 1.0
FLOAT_BYTES = 4


def main(ask):
    say = lambda **news: os.write(ask["fd"], (json.dumps(news) + "\n").encode())
    bound_to_parent()
    say(phase="loading")
    faulthandler.dump_traceback_later(ask["meetSeconds"] + 5, exit=True)
    try:
        import torch
        import torch.distributed as dist
    except ImportError as error:
        say(untested=f"torch cannot be imported: {error}")
        return
    nccl = ask["backend"] == "nccl"
    if not dist.is_available() or not (dist.is_nccl_available() if nccl else dist.is_gloo_available()):
        say(untested=f"torch {torch.__version__} is built without {ask['backend']}")
        return
    say(phase="meeting")
    device = torch.device("cuda", ask["gpu"]) if nccl else torch.device("cpu")
    if nccl:
        torch.cuda.set_device(device)
    left = ask["meetSeconds"] - (time.monotonic() - STARTED)
    try:
        listener = listen(ask)
    except OSError as error:
        say(untested=f"rank 0 cannot listen on {ask['address']} port {ask['port']}: {error.strerror}")
        return
    place = (ask["address"], ask["port"], ask["world"], ask["rank"] == 0)
    store = dist.TCPStore(*place, datetime.timedelta(seconds=max(1, left)), master_listen_fd=listener)
    say(phase="connecting")
    faulthandler.dump_traceback_later(ask["connectSeconds"], exit=True)
    patience = datetime.timedelta(seconds=max(1, ask["connectSeconds"] - 3))
    dist.init_process_group(
        ask["backend"], store=store, rank=ask["rank"], world_size=ask["world"], timeout=patience
    )
    # NCCL connects with the first collective.
    all_reduce(torch, dist, torch.zeros(1, device=device))
    say(phase="measuring")
    sizes = [measure(torch, dist, ask, device, size) for size in ask["sizesBytes"]]
    say(phase="done", sizes=sizes)
    dist.destroy_process_group()


def bound_to_parent():
    """Ends with the agent, whatever ended that: PR_SET_PDEATHSIG of prctl(2). Not as precious as the agent, either."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("0")
    except OSError:
        pass


def listen(ask):
    """Rank 0 listens on the planned address alone: torch by itself would take all of the host's."""
    if ask["rank"] != 0:
        return None
    family = socket.AF_INET6 if ":" in ask["address"] else socket.AF_INET
    return socket.create_server((ask["address"], ask["port"]), family=family).detach()


def measure(torch, dist, ask, device, size):
    """Is the sum right, and how long does it take? The slowest rank's time counts."""
    world = ask["world"]
    data = torch.full((max(1, size // FLOAT_BYTES),), float(ask["rank"] + 1), device=device)
    all_reduce(torch, dist, data)
    expected = world * (world + 1) / 2
    correct = data.min().item() == expected and data.max().item() == expected
    data.zero_()
    warm = slowest(torch, dist, device, timed(torch, dist, data, WARM_UPS))
    rounds = max(1, min(MOST_ROUNDS, int(ROUNDS_SECONDS / max(warm, 1e-9))))
    seconds = slowest(torch, dist, device, timed(torch, dist, data, rounds))
    return {"bytes": data.numel() * FLOAT_BYTES, "seconds": seconds, "correct": correct}


def timed(torch, dist, data, rounds):
    started = time.perf_counter()
    for _ in range(rounds):
        dist.all_reduce(data)
    if data.is_cuda:
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / rounds


def slowest(torch, dist, device, seconds):
    value = torch.tensor([seconds], dtype=torch.float64, device=device)
    dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return value.item()


def all_reduce(torch, dist, data):
    dist.all_reduce(data)
    if data.is_cuda:
        torch.cuda.synchronize()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
