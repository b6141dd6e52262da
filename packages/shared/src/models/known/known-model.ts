/** A published model by its names, with the part of its config.json that memory depends on. */
export interface KnownModel {
  /** Lower case, without the organisation. */
  readonly names: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
}

/** Block-scaled FP8 as DeepSeek, Qwen and Kimi publish it. */
export const FP8_BLOCK = {
  quantization_config: {
    quant_method: 'fp8',
    activation_scheme: 'dynamic',
    fmt: 'e4m3',
    weight_block_size: [128, 128],
  },
} as const;
