/** Does `work` again and again, `intervalMs` after it last ended, first after `firstMs`. The result stops it. */
export function repeat(
  work: () => Promise<void>,
  firstMs: number,
  intervalMs: number,
  onError: (error: unknown) => void,
): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const turn = async (): Promise<void> => {
    await work();
    if (!stopped) schedule(intervalMs);
  };
  const schedule = (delayMs: number): void => {
    timer = setTimeout(() => turn().catch(onError), delayMs);
  };
  schedule(firstMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
