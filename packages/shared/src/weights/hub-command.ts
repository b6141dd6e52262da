/** What a hub's own client is asked to do. Secrets go by environment or file, never by argv. */
import { assertNever } from '../errors.ts';
import type { ModelSource } from './model.ts';

export interface HubRequest {
  readonly source: ModelSource;
  /** Folder that receives the files. */
  readonly path: string;
  /** Another address of the hub, null = its own. */
  readonly endpoint: string | null;
  /** Folder for what the client keeps beside the files. */
  readonly home: string;
  /** File with the access token, and the token for clients that read no file; null = none. */
  readonly token: { readonly file: string; readonly value: string } | null;
}

/** Arguments after the client's program. Both clients go on with what an earlier, interrupted run has left. */
export function downloadArguments({ source: { hub, repo, revision }, path }: HubRequest): readonly string[] {
  const pinned = revision === '' ? [] : ['--revision', revision];
  switch (hub) {
    case 'hf':
      return ['download', repo, ...pinned, '--local-dir', path];
    case 'modelscope':
      return ['download', ...pinned, '--local_dir', path, '--model', repo];
  }
  return assertNever(hub);
}

/**
 * huggingface_hub reads its token from HF_TOKEN_PATH; modelscope knows only MODELSCOPE_API_TOKEN, which other users of
 * the host cannot read (/proc/PID/environ is the owner's).
 */
export function hubEnvironment({
  source,
  endpoint,
  home,
  token,
}: HubRequest): Readonly<Record<string, string>> {
  switch (source.hub) {
    case 'hf':
      return {
        HF_HOME: home,
        HF_TOKEN_PATH: token?.file ?? `${home}/no-token`,
        HF_HUB_DISABLE_TELEMETRY: '1',
        HF_HUB_DISABLE_UPDATE_CHECK: '1',
        HF_HUB_DISABLE_PROGRESS_BARS: '1',
        ...(endpoint === null ? {} : { HF_ENDPOINT: endpoint }),
      };
    case 'modelscope':
      return {
        MODELSCOPE_HOME: home,
        MODELSCOPE_CACHE: `${home}/modelscope`,
        ...(token === null ? {} : { MODELSCOPE_API_TOKEN: token.value }),
        ...(endpoint === null ? {} : { MODELSCOPE_ENDPOINT: endpoint }),
      };
  }
  return assertNever(source.hub);
}

/**
 * Prints the commit of a revision and every file with its size and hash, as JSON: the client's own library does what
 * its command line cannot. Run as `python -c PROGRAM REPO REVISION`.
 */
export function listingProgram(hub: ModelSource['hub']): string {
  switch (hub) {
    case 'hf':
      return `import json, sys
from huggingface_hub import HfApi
info = HfApi().model_info(sys.argv[1], revision=sys.argv[2] or None, files_metadata=True)
files = [{"name": f.rfilename, "bytes": f.size, "hash": (f.lfs["sha256"] if isinstance(f.lfs, dict) else f.lfs.sha256) if f.lfs else f.blob_id} for f in info.siblings]
print(json.dumps({"revision": info.sha, "files": files}))
`;
    case 'modelscope':
      // modelscope 1.40 moved its hub to a package of its own, and what it left behind keeps the hashes back.
      return `import json, sys
repo, revision = sys.argv[1], sys.argv[2] or None
try:
    from modelscope_hub import HubApi
    found = [(f.path, f.size, f.sha256, f.type) for f in HubApi().list_repo_files(repo, "model", revision=revision)]
except ImportError:
    from modelscope.hub.api import HubApi
    listed = HubApi().get_model_files(repo, revision=revision, recursive=True)
    found = [(f["Path"], f["Size"], f.get("Sha256"), f.get("Type")) for f in listed]
files = [{"name": n, "bytes": b, "hash": h or None} for n, b, h, kind in found if kind != "tree"]
print(json.dumps({"revision": revision, "files": files}))
`;
  }
  return assertNever(hub);
}
