/** Files and hubs: lines by category, and lines that rules leave alone. */
import type { NearMisses, Samples } from './sample.ts';

export const samples: Samples = {
  'model-files-missing': [
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/vllm/model_executor/model_loader/weight_utils.py", line 41, in list_files\n    take(this)\nFileNotFoundError: [Errno 2] No such file or directory: \'/w/r1\'',
    ],
    ["FileNotFoundError: [Errno 2] No such file or directory: '/data/models/DeepSeek-R1/config.json'"],
    ['ValueError: /models/DeepSeek-R1 is not a directory'],
    [
      'OSError: Error no file named pytorch_model.bin, model.safetensors, tf_model.h5 found in directory /models/r1.',
    ],
    ['AssertionError: The weights are incomplete: shard model-00003-of-00005.safetensors is missing'],
    ['FileNotFoundError: /models/r1 (invalid repository id)'],
    ["ValueError: Following weights were not initialized from checkpoint: {'lm_head.weight'}"],
    [
      "OSError: Incorrect path_or_model_id: '/models/DeepSeek-R1'. Please provide either the path to a local folder or the repo_id of a model on the Hub.",
    ],
    [
      "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'repo_name' or 'namespace/repo_name': '/mnt/models/r1'. Use `repo_type` argument if needed.",
    ],
    ['RuntimeError: Cannot find any model weights with `/models/DeepSeek-R1`'],
    ['FileNotFoundError: No such file or directory: "/models/r1/model-00042-of-000163.safetensors"'],
    ["FileNotFoundError: [Errno 2] No such file or directory: '/models/r1/model.safetensors.index.json'"],
    [
      "OSError: /models/r1 does not appear to have a file named config.json. Checkout 'https://huggingface.co//models/r1/tree/main' for available files.",
    ],
    ["ValueError: Invalid repository ID or local directory specified: '/models/r1'."],
    [
      "OSError: Can't load tokenizer for '/models/r1'. If you were trying to load it from 'https://huggingface.co/models', make sure you don't have a local directory with the same name.",
    ],
  ],
  'weights-corrupt': [
    ['OSError: [Errno 5] Input/output error'],
    [
      'Traceback (most recent call last):\n  File "/opt/venv/lib/python3.12/site-packages/safetensors/torch.py", line 41, in load_file\n    take(this)\nRuntimeError: odd bytes',
    ],
    ['Exception: expected value at line 1 column 1'],
    [
      'RuntimeError: Internal: src/sentencepiece_processor.cc(1101) [model_proto->ParseFromArray(serialized.data(), serialized.size())]',
    ],
    ["OSError: Unable to load weights from pytorch checkpoint file for '/models/x/pytorch_model-00001.bin'"],
    [
      'safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered',
    ],
    ['safetensors_rust.SafetensorError: Error while deserializing header: MetadataIncompleteBuffer'],
    ['RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory'],
    ["_pickle.UnpicklingError: invalid load key, 'v'."],
    [
      'OSError: Consistency check failed: file should be of size 4301000000 but has size 1201000000 (model-00003-of-000163.safetensors).',
    ],
    ["OSError: It looks like the config file at '/models/r1/config.json' is not a valid JSON file."],
  ],
  'hub-unreachable': [
    [
      'tool: error: argument --model: x is no path. Failed to download it from HuggingFace: <urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed>',
    ],
    [
      "modelscope - ERROR: Download failed: HTTPSConnectionPool(host='modelscope.cn', port=443): Read timed out.",
    ],
    ['OSError: [Errno 101] Network is unreachable'],
    [
      "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files.",
    ],
    [
      'huggingface_hub.errors.LocalEntryNotFoundError: An error happened while trying to locate the file on the Hub and we cannot find the requested files in the local cache. Please check your connection and try again or make sure your Internet connection is on.',
    ],
    [
      'huggingface_hub.errors.OfflineModeIsEnabled: Cannot reach https://huggingface.co/api/models/x: offline mode is enabled. To disable it, please unset the `HF_HUB_OFFLINE` environment variable.',
    ],
    [
      "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded with url: /x/resolve/main/config.json (Caused by ConnectTimeoutError(<c>, 'Connection to huggingface.co timed out. (connect timeout=10)'))",
    ],
    [
      "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='www.modelscope.cn', port=443): Max retries exceeded with url: /api/v1/models",
    ],
    ['httpx.ConnectError: [Errno -3] Temporary failure in name resolution'],
  ],
  'hub-auth': [
    ['Your request to access model org/model is awaiting a review from the repo authors.'],
    [
      'Access to model meta-llama/Llama-3.1-70B is restricted and you are not in the authorized list. Visit https://huggingface.co/meta-llama to ask for access.',
    ],
    [
      'huggingface_hub.utils._errors.HfHubHTTPError: 403 Forbidden: Authorization error.\nCannot access content at: https://huggingface.co/api/models/x',
    ],
    [
      'huggingface_hub.errors.GatedRepoError: 403 Client Error. (Request ID: Root=1)\nCannot access gated repo for url https://huggingface.co/x/resolve/main/config.json.',
    ],
    [
      'OSError: You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/meta-llama/Llama-3.1-8B.',
    ],
    [
      'huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error. Repository Not Found for url: https://huggingface.co/api/models/deepseek/r1.',
    ],
    [
      "docker: Error response from daemon: pull access denied for vllm/vlm-openai, repository does not exist or may require 'docker login'.",
    ],
    [
      "OSError: deepseek-r1 is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
    ],
  ],
};

export const nearMisses: NearMisses = {
  'raised-by-weight-loader': 'RuntimeError: odd bytes',
  'raised-by-file-reader': "FileNotFoundError: [Errno 2] No such file or directory: 'x'",
  'path-missing': 'found /models/r1',
  'no-such-file': "No such file or directory: '/tmp/x.lock'",
  'no-weights-there': 'found 163 safetensors',
  'path-taken-for-repository': "Repo id must use alphanumeric chars: 'a b'",
  'weights-not-initialised': 'All weights were initialized from checkpoint',
  'safetensors-header': 'loading safetensors',
  'torch-archive': 'reading zip archive',
  'file-damaged': 'the checksum is right',
  'hub-name': 'huggingface.co resolved',
  'hub-connect': 'connected to https://huggingface.co',
  'hub-trouble': '200 OK https://huggingface.co/x',
  'network-down': 'dial tcp 10.0.0.1:80: connected',
  'hub-refuses': '10.1.1.4:50900 - "GET /v1/models HTTP/1.1" 401 Unauthorized',
};
