/** A log of its own, as the programs word it, with what is known besides. */
export type Sample = readonly [log: string, facts?: object];
export type Samples = Readonly<Record<string, readonly Sample[]>>;
/** By rule: a line that looks like its own and is not. */
export type NearMisses = Readonly<Record<string, string>>;
