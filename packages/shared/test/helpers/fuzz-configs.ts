/** Published configs with fields lost, swapped and made absurd: whatever comes, an answer and no exception. */
import { evaluate, type FitQuestion } from '@dsr1/shared/models/evaluate';
import { fit } from '@dsr1/shared/models/fit';
import { gpuByName } from '@dsr1/shared/models/gpus';
import { knownConfig, knownNames } from '@dsr1/shared/models/known/known-models';
import { readModel } from '@dsr1/shared/models/read-model';
import { createRandom, type Random } from '../../../../test/sim/random.ts';

const STRANGE = [
  null,
  true,
  '',
  'x',
  -1,
  0,
  0.5,
  3,
  7,
  2 ** 31,
  2 ** 60,
  1e308,
  Number.NaN,
  [],
  [1, 'sliding_attention'],
  {},
  { a: 1 },
  [{ attention: { n_heads_in_group: 8 }, ffn: { ffn_mult: 1e9 } }],
  { weight: 3, '-:x(': {} },
  'fp8',
  'M*-E',
  'LLLG',
  '3,4,x,,1e9',
  ['re:.*(a|b)*', '(((', 'model.layers.0.', 5],
  { quant_method: 'compressed-tensors', config_groups: { g: { weights: {} } } },
  { quant_method: 'fp8', weight_block_size: [0, -1] },
  { quant_method: 'awq', group_size: 0, bits: -4 },
  { rope_type: 'linear', factor: 1e308, full_attention: { rope_type: 'linear', factor: -8 } },
  { architecture: 'x_9999m_x', hidden_size: 8, num_global_layers: 1e9 },
] as const;
const MORE_FIELDS = [
  'quantization_config',
  'layer_types',
  'sliding_window',
  'full_attention_interval',
  'text_config',
  'vision_config',
  'mlp_only_layers',
  'compress_ratios',
  'moe_layer_freq',
  'first_k_dense_replace',
  'model_type',
  'kv_lora_rank',
  'index_topk',
  'attn_config',
  'ffn_config',
  'attention_other_setting',
  'hybrid_override_pattern',
  'hybrid_layer_pattern',
  'layers_block_type',
  'linear_attn_config',
  'sliding_window_pattern',
  'attn_layer_period',
  'attn_layer_indices',
  'expert_layer_period',
  'moe_layers',
  'moe_layers_enum',
  'moe_layer_start_index',
  'moe_latent_size',
  'mamba_num_heads',
  'mamba_d_state',
  'mamba_d_head',
  'audio_config',
  'block_configs',
  'thinker_config',
  'indexer_types',
  'index_topk_freq',
  'num_kv_shared_layers',
  'hidden_size_per_layer_input',
  'vocab_size_per_layer_input',
  'altup_num_inputs',
  'laurel_rank',
  'use_double_wide_mlp',
  'rope_scaling',
  'rope_parameters',
  'partial_rotary_factor',
];

/** What went wrong with config `number`, or null. */
export function fuzzConfig(number: number): string | null {
  const random = createRandom(number);
  const config = mutated(random);
  try {
    const reading = readModel(config, { quantisation: pick(random, [null, 'awq-4bit', 'fp8', '???']) });
    if (!reading.known)
      return reading.refusals.length + reading.because.length > 0 ? null : 'refused without a reason';
    const question: FitQuestion = {
      shape: reading.shape,
      engine: pick(random, ['vllm', 'sglang']),
      version: pick(random, [null, '0.6.6', '0.7.2', '0.10.2', '0.32.0', 'main 2025-05-09', 'v']),
      parallel: {
        tensor: pick(random, [1, 2, 3, 8, 16, 512]),
        pipeline: pick(random, [1, 2, 5, 64]),
        data: pick(random, [1, 2, 8]),
        expert: pick(random, [1, 3, 8]),
        redundantExperts: pick(random, [0, 32]),
      },
      gpu: pick(random, [null, gpuByName('H100'), gpuByName('T4')]),
      gpus: pick(random, [null, 1, 16]),
      nodes: pick(random, [1, 2]),
      freeBytes: null,
      fraction: pick(random, [null, 0.5, 1]),
      contextTokens: pick(random, [null, 1, 4096, 1e7]),
      contextNeeded: random.next() < 0.5,
      cache: { kind: pick(random, ['auto', 'fp8']) },
      blockTokens: pick(random, [null, 1, 256]),
      stepTokens: null,
      sequences: null,
    };
    // Every tenth asks for the nearest change too, which is hundreds of evaluations.
    const answer = number % 10 === 0 ? fit(question) : evaluate(question);
    return absurdity(answer);
  } catch (thrown) {
    return `${thrown instanceof Error ? thrown.stack : thrown} for ${JSON.stringify(config)}`;
  }
}

function absurdity({ verdict, because, figures }: ReturnType<typeof evaluate>): string | null {
  if (because.length === 0) return `${verdict} without a reason`;
  const { weightsBytes, tokenBytes, tokens, concurrency } = figures;
  const wrong = Object.entries({ weightsBytes, tokenBytes, tokens, concurrency }).filter(
    ([, value]) => value !== null && !(value >= 0),
  );
  return wrong.length === 0 ? null : `${verdict}: ${JSON.stringify(wrong)}`;
}

function mutated(random: Random): Record<string, unknown> {
  const config: Record<string, unknown> = { ...knownConfig(pick(random, knownNames())) };
  const fields = [...Object.keys(config), ...MORE_FIELDS];
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    const field = pick(random, fields);
    if (random.next() < 0.3) delete config[field];
    else config[field] = random.next() < 0.5 ? pick(random, STRANGE) : random.between(1, 100_000);
  }
  return config;
}

const pick = <T>(random: Random, items: readonly T[]): T => items[random.between(0, items.length - 1)] as T;
