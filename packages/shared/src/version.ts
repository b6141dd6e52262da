/** Version of this build; agent and coordinator must agree in the major number. */
export const VERSION = '0.1.0';

/** True when two versions may talk to each other (same major). */
export const sameMajor = (a: string, b: string): boolean => a.split('.')[0] === b.split('.')[0];
