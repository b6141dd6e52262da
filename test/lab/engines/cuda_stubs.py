#!/usr/bin/env python3
"""Lets PyPI's torch (a CUDA build) be imported on a machine without a GPU and without 2 GB of CUDA wheels.

    cuda_stubs.py SITE_PACKAGES        needs gcc and readelf; safe to repeat

torch's libraries want libcublas.so.13, libcudnn.so.9 and so on at load time, though a CPU run never calls them. For each
wanted library that no installed wheel provides, this writes one with the right SONAME, version nodes and symbols, all of
which abort with their own name when called: nothing is faked silently. Test benches only.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

CUDA_LIBRARY = re.compile(r"^lib(cu|nv|nccl)")
# Libraries that export unversioned symbols, found by the prefix of their names.
UNVERSIONED = {"nccl": "libnccl.so.2", "curand": "libcurand.so.10", "cusparseLt": "libcusparseLt.so.0"}

# soname -> version node ("" = none) -> symbols
Wanted = dict[str, dict[str, set[str]]]


def readelf(option: str, library: pathlib.Path) -> list[str]:
    run = subprocess.run(["readelf", option, str(library)], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def version_nodes(library: pathlib.Path, wanted: Wanted) -> dict[str, str]:
    """Version node -> soname, for the CUDA libraries that this library needs."""
    nodes, soname = {}, ""
    for line in readelf("-VW", library):
        if found := re.search(r"File: (\S+)", line):
            soname = found[1]
        elif soname in wanted and (found := re.search(r"Name: (\S+)\s+Flags", line)):
            nodes[found[1]] = soname
            wanted[soname].setdefault(found[1], set())
    return nodes


def collect(torch_libraries: list[pathlib.Path]) -> Wanted:
    wanted: Wanted = {}
    for library in torch_libraries:
        for line in readelf("-dW", library):
            if (found := re.search(r"NEEDED.*\[(.*)\]", line)) and CUDA_LIBRARY.match(found[1]):
                wanted.setdefault(found[1], {})
        nodes = version_nodes(library, wanted)
        for line in readelf("-sDW", library):
            columns = line.split()
            if len(columns) < 8 or columns[6] != "UND":
                continue
            symbol, _, node = columns[7].partition("@")
            node = node.lstrip("@")
            if node in nodes:
                wanted[nodes[node]][node].add(symbol)
            elif not node:
                owner = next((so for prefix, so in UNVERSIONED.items() if symbol.startswith(prefix)), None)
                if owner in wanted:
                    wanted[owner].setdefault("", set()).add(symbol)
    return wanted


def build(soname: str, nodes: dict[str, set[str]], out: pathlib.Path) -> None:
    symbols = sorted(set().union(*nodes.values())) if nodes else []
    lines = ["#include <stdio.h>", "#include <stdlib.h>"]
    lines.append('static void die(const char *name) { fprintf(stderr, "CUDA stub called: %s\\n", name); abort(); }')
    lines += [f'void {symbol}(void) {{ die("{symbol}"); }}' for symbol in symbols]
    versions = [f"{node} {{ global: {'; '.join(sorted(names)) or 'none'}; }};" for node, names in nodes.items() if node]
    with tempfile.TemporaryDirectory() as folder:
        source, script = pathlib.Path(folder, "stub.c"), pathlib.Path(folder, "stub.map")
        source.write_text("\n".join(lines))
        script.write_text("\n".join(versions))
        link = [f"-Wl,--version-script={script}"] if versions else []
        command = ["gcc", "-w", "-shared", "-fPIC", "-fno-builtin", "-o", str(out / soname), f"-Wl,-soname,{soname}"]
        subprocess.run([*command, str(source), *link], check=True)


def main() -> None:
    site = pathlib.Path(sys.argv[1])
    torch = site / "torch" / "lib"
    provided = {path.name for path in (site / "nvidia" / "cu13" / "lib").glob("*.so*")}
    wanted = collect(sorted(torch.glob("libtorch*.so")))
    for soname, nodes in sorted(wanted.items()):
        if soname not in provided:
            build(soname, nodes, torch)


if __name__ == "__main__":
    main()
