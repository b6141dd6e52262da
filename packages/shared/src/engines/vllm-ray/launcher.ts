/**
 * A Python program in the run folder of every rank. It holds the rank's program back until Ray is where that program
 * needs it, then becomes it (exec): a rank stays one process tree, with one log, one private /tmp and one end.
 */
export const LAUNCHER_FILE = { name: 'launcher.py', content: launcher() };

function launcher(): string {
  return `"""
launcher.py GCS 0 PROGRAM [ARGUMENT...]
    becomes PROGRAM once Ray's control store listens at GCS (HOST:PORT)
launcher.py GCS NODES RAY [ARGUMENT...] -- PROGRAM [ARGUMENT...]
    starts RAY beside itself, and becomes PROGRAM once NODES Ray nodes are alive
"""
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def settle(params, head):
    """RAY_START_HOOK: what \`ray start\` has no flag for."""
    # In the session folder, paths of sockets get longer than the 107 bytes that Linux takes.
    params.plasma_store_socket_name = os.path.join(HERE, "plasma")
    params.raylet_socket_name = os.path.join(HERE, "raylet")
    # The server for remote clients listens on every interface and runs what they send.
    params.ray_client_server_port = None
    # The autoscaler, whose port 44217 is fixed: two clusters on one host would fight for it.
    params.no_monitor = True


def main(gcs, nodes, *command):
    if nodes == "0":
        await_listener(gcs, lambda: None)
        become(command)
    end = command.index("--")
    ray = subprocess.Popen(command[:end])

    def check_ray():
        if ray.poll() is not None:
            sys.exit(f"launcher: {command[0]} ended with {ray.returncode}")

    await_listener(gcs, check_ray)
    await_nodes(gcs, int(nodes), check_ray)
    become(command[end + 1 :])


def become(command):
    say(f"starts {command[0]}")
    os.execvp(command[0], command)


def await_listener(gcs, check):
    host, port = gcs.rsplit(":", 1)
    say(f"waits for Ray at {gcs}")
    while not listens(host.strip("[]"), int(port)):
        check()
        time.sleep(0.2)


def listens(host, port):
    try:
        socket.create_connection((host, port), timeout=2).close()
        return True
    except OSError:
        return False


def await_nodes(gcs, wanted, check):
    import ray

    connected = False
    while not connected:
        check()
        try:
            ray.init(address=gcs, log_to_driver=False, logging_level="error")
            connected = True
        except (ConnectionError, RuntimeError) as problem:
            say(f"cannot reach Ray yet: {problem}")
            time.sleep(1)
    found = -1
    while found < wanted:
        check()
        time.sleep(0 if found < 0 else 0.5)
        alive = [node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]]
        if len(alive) != found:
            found = len(alive)
            say(f"{found} of {wanted} Ray nodes are in: {', '.join(sorted(alive))}")
    ray.shutdown()


def say(text):
    print(f"launcher: {text}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
`;
}
