/** What diagnosis works on and answers. Pure data. */
import type { FabricNode, FabricSelection } from '../model.ts';
import type { NcclReport } from '../nccl-log/model.ts';
import type { FabricCategory } from './categories.ts';

/** A variable as somebody set it; node null = for every node. */
export interface EnvSetting {
  readonly var: string;
  readonly value: string;
  readonly node: string | null;
}

export interface RejectedEnv extends EnvSetting {
  readonly category: FabricCategory;
  readonly because: string;
}

export interface Evidence {
  readonly node: string | null;
  /** A log line, a setting, or a fact in words. */
  readonly text: string;
}

export type Confidence = 'high' | 'medium' | 'low';

export interface FabricDiagnosis {
  readonly category: FabricCategory;
  readonly cause: string;
  /** Exact settings or commands. */
  readonly fix: string;
  readonly evidence: readonly Evidence[];
  readonly confidence: Confidence;
  /** Nothing shows that it happened: a setting that others make by habit would be wrong here. */
  readonly precaution?: true;
}

export interface NodeReport {
  /** null = the log names no node. */
  readonly node: string | null;
  readonly report: NcclReport;
}

export interface DiagnoseInput {
  readonly nodes: readonly FabricNode[];
  /** null = nothing was selected, e.g. logs alone. */
  readonly selection: FabricSelection | null;
  readonly reports: readonly NodeReport[];
  readonly env: readonly EnvSetting[];
  /** Lines outside NCCL's log that may say what failed: engine output, complaints of discovery tools. */
  readonly errorLines: readonly { readonly node: string | null; readonly line: string }[];
}
