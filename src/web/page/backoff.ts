/** Longer and longer pauses between tries, never the same for two viewers that lost the box together. */
export class Backoff {
  private tries = 0;

  constructor(private readonly firstMs: number, private readonly longestMs: number) {}

  nextMs(): number {
    const full = Math.min(this.longestMs, this.firstMs * 2 ** this.tries);
    this.tries += 1;
    return full * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.tries = 0;
  }
}

/** Resolves after a time, or at once when `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
